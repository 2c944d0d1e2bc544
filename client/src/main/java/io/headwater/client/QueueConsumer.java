package io.headwater.client;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Works on the records of a queue or keyed group: each comes with a lease, and is to be settled before that ends. Two
 * faces, of which a consumer uses one: {@link #run} with a handler, or {@link #receive} and {@link #settle}. In a keyed
 * group there is never more than one record of a key at work, over all consumers: the next one is handed out when the
 * one before it was settled. Thread-safe.
 *
 * <p>The broker pushes, up to the prefetch. The leases of what waits here to be handed out are extended. When the
 * connection was lost and comes back within the group's grace, the leases are still there.
 *
 * <p>With a handler:
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
 *         QueueConsumer consumer = client.queueConsumer()
 *                 .topic("orders")
 *                 .group("shipping")
 *                 .concurrency(4)
 *                 .build()) {
 *     consumer.run(record -> {
 *         ship(record); // returns: acknowledged. Throws: failed, and it comes again
 *         if (left.decrementAndGet() == 0) {
 *             consumer.close(); // what runs is finished, what was not begun goes back
 *         }
 *     });
 * }
 * }</pre>
 *
 * <p>Receiving and settling:
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
 *         QueueConsumer consumer =
 *                 client.queueConsumer().topic("orders").group("shipping").build()) {
 *     List<QueueRecord> records = consumer.receive(100, Duration.ofSeconds(5));
 *     for (QueueRecord record : records) {
 *         if (record.value() != null) {
 *             consumer.ack(record);
 *         } else if (record.failures() < 3) {
 *             consumer.fail(record, "nothing in it", Duration.ofMinutes(5));
 *         } else {
 *             consumer.reject(record, "never anything in it");
 *         }
 *         count++;
 *     }
 * } // close() waits until all is answered; what was not settled goes back
 * }</pre>
 */
public interface QueueConsumer extends AutoCloseable {

    /**
     * The next records; waits for the first, and not for more. Empty when the time is up or the consumer is closed.
     * They are to be settled, in any order and from any thread; how long the lease runs is theirs to watch.
     *
     * @param max more than 0
     * @throws HeadwaterException.Rejected when nothing more can come, for example because the group was deleted; from
     *     then on each time
     * @throws HeadwaterException.Retriable once, when the broker cannot be reached; what comes later is received later
     */
    List<QueueRecord> receive(int max, Duration wait);

    /**
     * Says what became of a record. What is said at about the same time travels together. It is repeated when the
     * connection was lost, and means the same then.
     *
     * @return completes when it is durable, or exceptionally: with {@link HeadwaterException.StaleLease} when the lease
     *     had ended, and nothing was changed. Callbacks run on the client's network thread: keep them short.
     */
    CompletableFuture<@Nullable Void> settle(QueueRecord record, Settlement settlement);

    /** It is done. */
    default CompletableFuture<@Nullable Void> ack(QueueRecord record) {
        return settle(record, Settlement.ack());
    }

    /** It is for somebody else, at once; no failure is counted. */
    default CompletableFuture<@Nullable Void> release(QueueRecord record) {
        return settle(record, Settlement.release());
    }

    /** It is for somebody else, later; no failure is counted. */
    default CompletableFuture<@Nullable Void> release(QueueRecord record, Duration delay) {
        return settle(record, Settlement.release(delay));
    }

    /** The attempt failed, which is counted; it comes again after the group's backoff, or is dead. */
    default CompletableFuture<@Nullable Void> fail(QueueRecord record, String reason) {
        return settle(record, Settlement.fail(reason));
    }

    /** The attempt failed, which is counted; it comes again after that delay, or is dead. */
    default CompletableFuture<@Nullable Void> fail(QueueRecord record, String reason, Duration delay) {
        return settle(record, Settlement.fail(reason, delay));
    }

    /** Nobody can process it: it is dead now. */
    default CompletableFuture<@Nullable Void> reject(QueueRecord record, String reason) {
        return settle(record, Settlement.reject(reason));
    }

    /** The lease runs for so long from now on: 1 s to 12 h. */
    default CompletableFuture<@Nullable Void> extend(QueueRecord record, Duration fromNow) {
        return settle(record, Settlement.extend(fromNow));
    }

    /**
     * Calls the handler for each record, from as many threads as the concurrency says, this one among them, until
     * {@link #close}. A record is acknowledged when the handler has returned, and failed with the exception's message
     * when it threw; its lease is extended meanwhile. Returns when every handler has returned.
     *
     * @throws HeadwaterException when nothing more can come, for example because the group was deleted
     */
    void run(Handler handler);

    /**
     * Takes no more; what was received and not begun goes back at once, and no failure is counted. Handlers that run
     * may finish, at most for the drain time; then their threads are interrupted and their records go back. Waits until
     * everything that was said is answered. What {@link #receive} gave and nobody settled goes back too, unless the
     * leases are detached. From a handler it only asks: that run returns, and then all this is done.
     */
    @Override
    void close();

    /** Processes one record. */
    @FunctionalInterface
    interface Handler {
        void handle(QueueRecord record) throws Exception;
    }

    /** Builds a consumer. Not thread-safe. */
    interface Builder {
        Builder topic(String topic);

        /** A queue or keyed group of the topic; it must exist. */
        Builder group(String group);

        /** Shown where the group is described or explained; default: the client's name. */
        Builder name(String name);

        /** The most records that wait here to be handed out, over all partitions, at least one each; default 500. */
        Builder prefetch(int records);

        /** The most bytes that wait here, roughly, over all partitions; default 8 MiB. */
        Builder prefetchBytes(int bytes);

        /**
         * Of a keyed group at most so many records of a key come at once, 1 to 100; default 16. Still one at a time is
         * handed out, the next one when that is acknowledged: more of them spare a key that is in much demand the way to
         * the broker and back between any two of its records. 1, and always where leases are detached: the others may
         * go to another consumer.
         */
        Builder recordsPerKey(int records);

        /** How long a lease runs, 1 s to 12 h; default: as the group says. */
        Builder lease(Duration lease);

        /**
         * Leases that belong to their tokens and not to this consumer: they go on when it is closed or its connection
         * is lost, until they are settled or end.
         */
        Builder detachedLeases();

        /** How many handlers {@link #run} has at work at once; default 1. */
        Builder concurrency(int handlers);

        /** How long {@link #close} waits for handlers at work; default 30 s. */
        Builder drain(Duration limit);

        /** Connects when it is needed: the first receive reports an unknown topic or group. */
        QueueConsumer build();
    }
}
