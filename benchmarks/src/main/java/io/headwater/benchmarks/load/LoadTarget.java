package io.headwater.benchmarks.load;

import io.headwater.record.Compression;
import java.time.Duration;
import java.util.List;

/**
 * The system under load, as its client shows it. A port, so that the same loops drive any system: a comparison is then
 * one of systems and not of drivers.
 */
public interface LoadTarget extends AutoCloseable {

    /**
     * Makes the topic unless it exists.
     *
     * @return how many partitions it has
     */
    int ensureTopic(String topic, int partitions);

    /** How many partitions a topic has; one that does not exist is an error of the client's. */
    int partitions(String topic);

    void deleteTopic(String topic);

    Sink openSink(String topic, SinkSettings settings, Outcomes outcomes);

    /** @param partitions how many the topic has; all of them are read */
    Source openSource(String topic, int partitions, From from);

    @Override
    void close();

    /** Where reading starts. */
    enum From {
        BEGINNING,
        END
    }

    /**
     * How records are gathered into batches.
     *
     * @param batchBytes the most bytes of one batch; 0: the client's default
     * @param linger how long a batch waits for more; negative: the client's default
     */
    record SinkSettings(int batchBytes, Duration linger, Compression compression) {
        /** Whatever the client does when it is told nothing. */
        public static SinkSettings defaults() {
            return new SinkSettings(0, Duration.ofNanos(-1), Compression.NONE);
        }
    }

    /** Sends; used by one thread. */
    interface Sink extends AutoCloseable {
        /** Marks a record whose acknowledgement nobody wants to time. */
        long UNTIMED = Long.MIN_VALUE;

        /**
         * Sends one record; may block while the client's memory is full.
         *
         * @param dueNs when it was due, handed back with its outcome, or {@link #UNTIMED}
         */
        void send(int partition, byte[] value, long dueNs);

        /** Returns when every record sent has its outcome, and every outcome has been told. */
        void flush();

        @Override
        void close();
    }

    /** What became of records; called from any thread. */
    interface Outcomes {
        /** A timed record was acknowledged. */
        void acknowledged(long dueNs);

        /** A record, timed or not, was not acknowledged. */
        void failed(Throwable cause);
    }

    /** Reads; used by one thread. */
    interface Source extends AutoCloseable {
        /** The values of the records that came, as copies: what an application gets; empty when the time is up. */
        List<byte[]> poll(Duration timeout);

        @Override
        void close();
    }
}
