package io.headwater.client;

import io.headwater.record.Compression;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Sends records, in batches, idempotently, in order per partition. Thread-safe. */
public interface Producer extends AutoCloseable {

    /**
     * Queues a record. Blocks while the memory bound is reached (backpressure), at most the client's timeout.
     *
     * @return completes when the broker has acknowledged, or exceptionally with a {@link HeadwaterException} that says
     *     whether the outcome is definite or unknown. Callbacks run on the client's network thread: keep them short.
     */
    CompletableFuture<Acknowledgement> send(ProducerRecord record);

    /** Sends what is queued and waits until all of it has been answered. */
    void flush();

    /** Flushes, then closes. */
    @Override
    void close();

    /**
     * Where a record went.
     *
     * @param duplicate an earlier attempt of the same batch had already been stored
     * @param level what the acknowledgement means
     */
    record Acknowledgement(
            String topic, int partition, long offset, long ingestionTimeMs, boolean duplicate, AckLevel level) {}

    /** Builds a producer. Not thread-safe. */
    interface Builder {
        /** The most bytes of one batch; default 256 KiB. */
        Builder batchBytes(int bytes);

        /** How long a batch may wait for more records when nothing is in flight; default 0. */
        Builder linger(Duration linger);

        Builder compression(Compression compression);

        /** The most memory for records not yet acknowledged; default 64 MiB. */
        Builder maxMemoryBytes(long bytes);

        /** The most batches in flight per partition, 1 to 64; default 5. */
        Builder maxInFlight(int batches);

        Producer build();
    }
}
