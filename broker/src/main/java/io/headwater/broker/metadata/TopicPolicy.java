package io.headwater.broker.metadata;

import io.headwater.protocol.wire.AckLevel;
import java.util.concurrent.TimeUnit;

/**
 * What holds for all partitions of a topic.
 *
 * @param retentionMs by ingestion time; -1: no limit
 * @param retentionBytes per partition; -1: no limit
 * @param ackLevel what an acknowledgement means; never unspecified
 * @param compaction by key
 * @param work what its queue groups mean for its records
 */
public record TopicPolicy(long retentionMs, long retentionBytes, AckLevel ackLevel, Compaction compaction, Work work) {
    /** The value of a limit that is not set. */
    public static final long NO_LIMIT = -1;

    /**
     * Of the records with one key only the last stays.
     *
     * @param tombstoneDelayMs a record without a value, if it is the last of its key, goes after this, by ingestion time
     */
    public record Compaction(boolean on, long tombstoneDelayMs) {
        public static final Compaction OFF = new Compaction(false, TimeUnit.DAYS.toMillis(1));

        public Compaction {
            require(tombstoneDelayMs > 0, "tombstoneDelayMs", tombstoneDelayMs, "above 0");
        }
    }

    /**
     * The topic as a place of work.
     *
     * @param untilAcked a record goes when all queue groups are done with it; without a group it stays
     * @param ackedGraceMs it goes so long after that
     * @param limits of what some group is not done with
     * @param deadLetter the topic to which the dead of its queue groups are moved; empty: they are kept in place
     * @param dedup of what producers send again
     */
    public record Work(boolean untilAcked, long ackedGraceMs, Limits limits, String deadLetter, Dedup dedup) {
        public static final Work NONE = new Work(false, 0, Limits.NONE, "", Dedup.OFF);

        public Work {
            require(ackedGraceMs >= 0, "ackedGraceMs (--acked-grace)", ackedGraceMs, "at least 0");
        }

        public boolean hasDeadLetter() {
            return !deadLetter.isEmpty();
        }
    }

    /**
     * How much of a partition may be left that some queue group is not done with.
     *
     * @param maxRecords -1: no limit
     * @param maxBytes of batches as they are stored, each whole until all its records are done; -1: no limit
     * @param maxAgeMs a record that waits for longer is dead; -1: no limit
     * @param rejectsOverflow what is produced beyond {@code maxRecords} or {@code maxBytes} is refused for good; else its producer is to come
     *     back later
     */
    public record Limits(long maxRecords, long maxBytes, long maxAgeMs, boolean rejectsOverflow) {
        public static final Limits NONE = new Limits(NO_LIMIT, NO_LIMIT, NO_LIMIT, false);
        private static final long SHORTEST_AGE_MS = 1_000;

        public Limits {
            require(
                    maxRecords > 0 || maxRecords == NO_LIMIT,
                    "maxRecords (--max-records)",
                    maxRecords,
                    "above 0, or -1 for no limit");
            require(
                    maxBytes > 0 || maxBytes == NO_LIMIT,
                    "maxBytes (--max-bytes)",
                    maxBytes,
                    "above 0, or -1 for no limit");
            require(
                    maxAgeMs >= SHORTEST_AGE_MS || maxAgeMs == NO_LIMIT,
                    "maxAgeMs (--max-age)",
                    maxAgeMs,
                    "at least 1000, or -1 for no limit");
        }
    }

    /**
     * A record whose message id came to the same partition a short time ago is not stored again.
     *
     * @param windowMs how long, by ingestion time; -1: off
     * @param maxIds of a partition, kept in memory; beyond, producers are to come back later
     */
    public record Dedup(long windowMs, int maxIds) {
        public static final Dedup OFF = new Dedup(NO_LIMIT, 2_000_000);
        private static final long SHORTEST_MS = 1_000;
        private static final long LONGEST_MS = TimeUnit.DAYS.toMillis(7);
        private static final int FEWEST_IDS = 1_000;
        private static final int MOST_IDS = 100_000_000;

        public Dedup {
            require(
                    windowMs == NO_LIMIT || (windowMs >= SHORTEST_MS && windowMs <= LONGEST_MS),
                    "dedupWindowMs (--dedup-window)",
                    windowMs,
                    "1000 (1 s) to 604800000 (7 d), or -1: off");
            require(
                    maxIds >= FEWEST_IDS && maxIds <= MOST_IDS,
                    "dedupMaxIds (--dedup-max-ids)",
                    maxIds,
                    "1000 to 100000000");
        }

        public boolean isOn() {
            return windowMs != NO_LIMIT;
        }
    }

    public TopicPolicy(long retentionMs, long retentionBytes, AckLevel ackLevel) {
        this(retentionMs, retentionBytes, ackLevel, Compaction.OFF, Work.NONE);
    }

    public TopicPolicy {
        require(
                retentionMs > 0 || retentionMs == NO_LIMIT,
                "retentionMs (--retention)",
                retentionMs,
                "above 0, or -1 for no limit");
        require(
                retentionBytes > 0 || retentionBytes == NO_LIMIT,
                "retentionBytes (--retention-bytes)",
                retentionBytes,
                "above 0, or -1 for no limit");
        require(
                ackLevel != AckLevel.ACK_UNSPECIFIED && ackLevel != AckLevel.UNRECOGNIZED,
                "ackLevel (--ack)",
                ackLevel,
                "persisted, replicated or memory");
        require(
                !(work.dedup().isOn() && compaction.on()),
                "dedupWindowMs (--dedup-window)",
                work.dedup().windowMs(),
                "off where the topic is compacted: compaction removes records whose ids are in the window");
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
        }
    }
}
