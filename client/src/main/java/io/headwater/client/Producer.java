package io.headwater.client;

import io.headwater.record.Compression;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Sends records, in batches, idempotently, in order per partition. Thread-safe.
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
 *         Producer producer = client.producer().build()) {
 *     for (int i = 0; i < 10; i++) {
 *         producer.send(ProducerRecord.ofUtf8("orders", "customer-" + i % 3, "{\"amount\": " + i + "}"))
 *                 .whenComplete((ack, failure) -> {
 *                     if (failure instanceof HeadwaterException.OutcomeUnknown) {
 *                         System.err.println("may or may not be stored: " + failure.getMessage());
 *                     } else if (failure != null) {
 *                         System.err.println("not stored: " + failure.getMessage());
 *                     } else {
 *                         System.out.println("stored in partition " + ack.partition() + " at " + ack.offset());
 *                     }
 *                 });
 *     }
 * } // close() waits until all is answered
 * }</pre>
 */
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
     * @param duplicate an earlier attempt of the same batch had already been stored, or all of the batch's message ids were
     *     known; then only the first record's offset means something
     * @param level what the acknowledgement means
     */
    record Acknowledgement(
            String topic, int partition, long offset, long ingestionTimeMs, boolean duplicate, AckLevel level) {}

    /** Builds a producer. Not thread-safe. */
    interface Builder {
        /** The most bytes of one batch; default 256 KiB. */
        Builder batchBytes(int bytes);

        /**
         * How long a batch that is not full may wait for more records; default 0: it leaves at once while fewer than
         * two of its partition are on their way, and fills meanwhile else.
         */
        Builder linger(Duration linger);

        Builder compression(Compression compression);

        /** The most memory for records not yet acknowledged; default 64 MiB. */
        Builder maxMemoryBytes(long bytes);

        /** The most batches in flight per partition, 1 to 64; default 16. */
        Builder maxInFlight(int batches);

        Producer build();
    }
}
