package io.headwater.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * Reads records of topics, in order per partition. Two faces: {@link #poll} in a loop, or {@link #run} with a handler.
 * The broker pushes; what is not polled yet is bounded. Not thread-safe except for {@link #wakeup} and {@link #close}.
 *
 * <p>All there is, by polling:
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
 *         StreamConsumer consumer = client.streamConsumer()
 *                 .topics("orders")
 *                 .until(Position.end())
 *                 .build()) {
 *     while (!consumer.isAtEnd()) {
 *         for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
 *             byte[] value = record.value(); // null: a record without a value
 *             String text = value == null ? "" : new String(value, StandardCharsets.UTF_8);
 *             System.out.println(record.partition() + "@" + record.offset() + " " + text);
 *             count++;
 *         }
 *     }
 * }
 * }</pre>
 *
 * In a group, with a handler:
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
 *         StreamConsumer consumer = client.streamConsumer()
 *                 .topics("orders")
 *                 .group("billing")
 *                 .until(Position.end())
 *                 .build()) {
 *     consumer.run(this::process);
 * }
 * }</pre>
 *
 * One day again, by event time:
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
 *         StreamConsumer consumer = client.streamConsumer()
 *                 .topics("orders")
 *                 .from(Position.eventAt(Instant.parse("2026-01-15T00:00:00Z")))
 *                 .until(Position.eventAt(Instant.parse("2026-01-16T00:00:00Z")))
 *                 .build()) {
 *     while (!consumer.isAtEnd()) {
 *         day.addAll(consumer.poll(Duration.ofSeconds(1)));
 *     }
 * }
 * }</pre>
 */
public interface StreamConsumer extends AutoCloseable {

    /**
     * The next records, of any assigned partition, in log order per partition; empty when the time is up, or when
     * {@link #isAtEnd} and nothing is left. Polling again says that the records of the last poll are processed.
     *
     * @throws HeadwaterException once for each failure, after what was read before it; a partition that failed is not
     *     read any further until somebody seeks, the others are
     */
    List<ConsumedRecord> poll(Duration timeout);

    /**
     * Calls the handler for each record until the end bound is reached or {@link #close} or {@link #wakeup} is called.
     * With a group, positions are committed after the handler returned. An exception of the handler ends the run and is
     * thrown from here; the record is not committed, and comes first of its partition when this is called again.
     */
    void run(RecordHandler handler);

    /** Commits the positions after the records of the last poll; with a group only. Returns when they are durable. */
    void commit();

    /** Moves the reading position of a partition that is read now. */
    void seek(String topic, int partition, Position position);

    /** All partitions read up to their end bound. Always false without one. */
    boolean isAtEnd();

    /** What is read now. */
    Collection<TopicPartition> assignment();

    /** Makes a waiting or the next poll return at once. From any thread. */
    void wakeup();

    /**
     * Commits (in auto-commit) what is known to be processed, leaves the group, frees everything. The records of the
     * last poll are not known to be processed unless {@link #commit} or {@link #poll} was called after them: they come
     * again, rather than being lost when the processing has failed.
     */
    @Override
    void close();

    /** A partition of a topic. */
    record TopicPartition(String topic, int partition) {}

    /** Processes one record. */
    @FunctionalInterface
    interface RecordHandler {
        void handle(ConsumedRecord record) throws Exception;
    }

    /** Builds a consumer. Not thread-safe. */
    interface Builder {
        Builder topics(String... topics);

        /** Only these partitions; not together with a group. */
        Builder partitions(TopicPartition... partitions);

        /** Shares the topics' partitions with the other members, and keeps positions. */
        Builder group(String group);

        /** Keeps a member's identity over a restart, so that it gets its partitions back within the grace. */
        Builder memberId(String memberId);

        /** Where to start; with a group, only where nothing is committed yet. Default: beginning. */
        Builder from(Position from);

        /** Where to end, exclusive; default: never. */
        Builder until(Position until);

        /**
         * Ends are those that the partitions' leaders believe in. By default a leader whose partition has several replicas
         * makes sure that it still leads before it says where the log ends, which takes a majority of them; so whoever reads up
         * to the end reads all that was acknowledged before. Records are the same either way.
         */
        Builder localEnds();

        /** Explicit commits instead of at an interval; default: every 5 s, after processing. */
        Builder manualCommit();

        Builder autoCommitInterval(Duration interval);

        /** The most bytes received and not yet polled, per partition; default 4 MiB. */
        Builder maxBufferedBytes(int bytes);

        /** The most records of one poll; default 10,000. */
        Builder maxPollRecords(int records);

        /** What to do when the group's position has been removed by retention; default: throw. */
        Builder onOutOfRange(OutOfRange choice);

        StreamConsumer build();
    }

    /** A choice that the user makes by name. */
    enum OutOfRange {
        FAIL,
        EARLIEST,
        LATEST
    }
}
