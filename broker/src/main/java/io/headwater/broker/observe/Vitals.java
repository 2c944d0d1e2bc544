package io.headwater.broker.observe;

import java.util.List;
import java.util.Map;

/**
 * What can be read off the running broker. Every method may be called from any thread at any time, returns at once and
 * disturbs nobody: totals of plain counters that their owners write.
 */
public interface Vitals {
    int connections();

    /** Partitions that a failed sync or read, or damage, has taken offline. */
    int offlinePartitions();

    /** Partitions whose log is open. */
    int openPartitions();

    /** On disk, of the partitions that were used since the start. */
    long logBytes();

    /** What may still be written to the disk of the data directory; -1: unknown. */
    long usableBytes();

    /** What has been read in search of damage. */
    Scrubbing scrubbing();

    /**
     * The search for damage, since the start.
     *
     * @param bytes read
     * @param suspected places that seemed damaged
     * @param divergences checkpoints that are not what the entries before them lead to
     * @param roundEndedMs when everything had been read last, ms since 1970; 0: never yet, or nothing is searched
     */
    record Scrubbing(long bytes, long suspected, long divergences, long roundEndedMs) {
        public static final Scrubbing NONE = new Scrubbing(0, 0, 0, 0);
    }

    /** Received produce bytes that are not answered yet. */
    long inFlightBytes();

    /** How often a socket was not read because of a bound. */
    long readPauses();

    Traffic traffic();

    /** Requests that wait, by owner. */
    List<Integer> ownerMailboxes();

    /** From a produce frame's arrival to its reply. */
    LatencyHistogram.Snapshot produceLatency();

    /** One group commit. */
    LatencyHistogram.Snapshot syncDuration();

    /** Of queue groups whose partitions are open, all partitions together; about a second old. */
    List<QueueFigures> queues();

    /** Records that came with a message id of their topic's deduplication window, and were not stored. */
    long duplicateRecords();

    /** What queues take of {@code queues.memory}. */
    QueueMemory queueMemory();

    /**
     * Heap, in bytes; as of the last turns of those that take it.
     *
     * @param used by what it is used for
     */
    record QueueMemory(long limit, Map<String, Long> used) {}

    /**
     * Since the start, and over the last minute.
     */
    record Traffic(
            long recordsIn,
            long bytesIn,
            long recordsOut,
            long bytesOut,
            double recordsInPerSecond,
            double bytesInPerSecond,
            double recordsOutPerSecond,
            double bytesOutPerSecond) {
        public static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0, 0, 0);

        /** Of two owners together. */
        public Traffic plus(Traffic other) {
            return new Traffic(
                    recordsIn + other.recordsIn,
                    bytesIn + other.bytesIn,
                    recordsOut + other.recordsOut,
                    bytesOut + other.bytesOut,
                    recordsInPerSecond + other.recordsInPerSecond,
                    bytesInPerSecond + other.bytesInPerSecond,
                    recordsOutPerSecond + other.recordsOutPerSecond,
                    bytesOutPerSecond + other.bytesOutPerSecond);
        }
    }
}
