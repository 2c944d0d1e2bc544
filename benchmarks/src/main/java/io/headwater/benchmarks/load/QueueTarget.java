package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A system that hands out work record by record, as its client shows it: a port, as {@link LoadTarget} is. */
public interface QueueTarget extends AutoCloseable {

    /**
     * Makes the topic and its queue unless they exist, and rids the queue of what earlier runs left.
     *
     * @return how many partitions it has
     */
    int ensureQueue(String topic, boolean keyed, int partitions);

    /** Only failures are told. */
    WorkSink openSink(String topic, Outcomes outcomes);

    /**
     * A consumer with a connection of its own.
     *
     * @param onSettled told of each delivery whose acknowledgement was confirmed, or failed: why; from any thread
     */
    WorkSource openSource(String topic, boolean keyed, BiConsumer<Delivery, @Nullable Throwable> onSettled);

    /** How many records the system itself holds to be not acknowledged. */
    long left(String topic, boolean keyed);

    @Override
    void close();

    /** Sends; used by one thread. */
    interface WorkSink extends AutoCloseable {
        /** May block while the client's memory is full. */
        void send(byte @Nullable [] key, byte[] value);

        /** Returns when every record sent has its outcome, and every failure has been told. */
        void flush();

        @Override
        void close();
    }

    /** Receives; used by one thread. */
    interface WorkSource extends AutoCloseable {
        /** What came; empty when the time is up. */
        List<Delivery> receive(Duration timeout);

        /** Each by itself; does not wait for the confirmation. */
        void acknowledge(Delivery delivery);

        @Override
        void close();
    }

    /**
     * A record that was handed out.
     *
     * @param value a copy: what an application gets
     * @param again it was delivered before
     * @param handle what the system knows it by
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Delivery(byte[] value, boolean again, Object handle) {}
}
