package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One partition's log. Everything happens on its owner's thread, except where a method says "any thread".
 *
 * <p>Appending has two steps: {@code append…} gives out offsets and indexes and borrows the bytes; {@link #flush}
 * writes all of them at once and hands the log to the group commit, which reports what is durable.
 */
public final class PartitionLog {
    PartitionLog() {}

    public long partitionId() {
        throw new UnsupportedOperationException();
    }

    /** Offset of the first retained record. */
    public long startOffset() {
        throw new UnsupportedOperationException();
    }

    /** Offset that the next record gets; counts what is appended and not yet flushed. */
    public long endOffset() {
        throw new UnsupportedOperationException();
    }

    public long startIndex() {
        throw new UnsupportedOperationException();
    }

    public long endIndex() {
        throw new UnsupportedOperationException();
    }

    /** Offset behind the last record that is on the disk. Any thread. */
    public long durableOffset() {
        throw new UnsupportedOperationException();
    }

    /** Index behind the last entry that is on the disk. Any thread. */
    public long durableIndex() {
        throw new UnsupportedOperationException();
    }

    /** Epoch of the last entry, -1 in an empty log. */
    public int lastEpoch() {
        throw new UnsupportedOperationException();
    }

    /**
     * Appends a batch: stamps base offset and epoch into its header in place. The batch's buffer is borrowed until
     * {@link #flush} returns. Its ingestion time is {@code nowMs}, or that of the entry before it if that is later.
     *
     * @return the batch's base offset
     * @throws DiskFullException if there is no room; nothing has changed, and the same call may succeed later
     * @throws LogOfflineException if this log takes no appends until a restart
     */
    public long appendData(RecordBatch batch, EventTimes times, int leaderEpoch, long nowMs)
            throws DiskFullException, LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /**
     * Appends a control entry. The payload (position to limit) is borrowed until {@link #flush} returns.
     *
     * @return its entry index
     */
    public long appendControl(EntryKind kind, ByteBuffer payload, int leaderEpoch, long nowMs)
            throws DiskFullException, LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /** Writes what was appended since the last flush, in one write, and hands the log to the group commit. */
    public void flush() throws LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a contiguous run of whole DATA entries of one segment, from the entry that holds {@code fromOffset} on: at
     * least one entry, even if it is larger than {@code maxBytes}, else no more than that. Control entries are left
     * out and end the run. With {@code eventTimes}, entries that hold no record in the range are left out too. The
     * slice may be empty: see {@link LogSlice#nextOffset}.
     *
     * @param untilOffset read nothing at or behind it: the committed offset, or a batch border before it
     */
    public LogSlice read(long fromOffset, long untilOffset, int maxBytes, @Nullable TimeRange eventTimes)
            throws OffsetOutOfRangeException, CorruptLogException, LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /** First offset of the first batch ingested at or after a time; {@link #endOffset} if there is none yet. */
    public long offsetForIngestionTime(long timeMs) throws CorruptLogException, LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /** First offset of the first batch that holds an event time at or after the given one; else {@link #endOffset}. */
    public long offsetForEventTime(long timeMs) throws CorruptLogException, LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /** Shows all flushed entries from the last CHECKPOINT on, or from the start if there is none. */
    public void replay(EntryVisitor visitor) throws CorruptLogException, LogOfflineException {
        throw new UnsupportedOperationException();
    }

    /**
     * Gives the payload of the CHECKPOINT entry that starts each new segment: what {@link #replay} would have rebuilt
     * from all entries appended so far. Asked inside {@code append…}, when it opens a segment; the buffer is borrowed
     * until the next flush. {@code null} from the source: no checkpoint.
     */
    public void checkpointSource(Supplier<@Nullable ByteBuffer> source) {
        throw new UnsupportedOperationException();
    }

    /**
     * Removes sealed segments whose records are all older than {@code retentionMs} by ingestion time, and the oldest
     * ones while the log is larger than {@code retentionBytes}; seals an open one that has outlived its time. Negative:
     * no limit.
     *
     * @return how many segments were removed
     */
    public int deleteOldSegments(long nowMs, long retentionMs, long retentionBytes) throws LogOfflineException {
        throw new UnsupportedOperationException();
    }

    public LogStats stats() {
        throw new UnsupportedOperationException();
    }

    /** {@code null} while the log is online. Any thread. */
    public @Nullable String offlineReason() {
        throw new UnsupportedOperationException();
    }

    /**
     * Gives back files, mappings and memory of a log that is not in use; the next use takes them again. False if there
     * is something unflushed or not yet durable: try later.
     */
    public boolean hibernate() {
        throw new UnsupportedOperationException();
    }
}
