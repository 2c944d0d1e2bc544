package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordFilter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One partition's log. Everything happens on its owner's thread, except where a method says "any thread".
 *
 * <p>Appending has two steps: {@code append…} gives out offsets and indexes and borrows the bytes; {@link #flush}
 * writes all of them at once and hands the log to the group commit, which reports what is durable.
 */
public final class PartitionLog {
    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    private final LogAppender appender;
    private final LogReader reader;
    private final LogRetention retention;
    private final LogTruncation truncation;
    private final LogRewriting rewriting;
    private final SegmentExchange exchange;
    private final GroupCommit groupCommit;
    private GroupCommit.Member member;

    PartitionLog(LogContext context, LogRecovery.Recovered recovered, GroupCommit groupCommit) {
        this.context = context;
        this.segments = new ArrayList<>(recovered.segments());
        this.commit = new LogCommit(context, recovered.end());
        this.reader = new LogReader(segments);
        this.appender = new LogAppender(
                context, segments, commit, reader::using, recovered.lastEpoch(), recovered.lastIngestionTimeMs());
        this.retention = new LogRetention(context, segments, commit, appender, reader);
        this.truncation = new LogTruncation(context, segments, commit, reader);
        this.groupCommit = groupCommit;
        this.member = groupCommit.enlist(commit);
        this.rewriting = new LogRewriting(context, segments, commit, reader, retention);
        this.exchange = new SegmentExchange(context, segments, commit, appender, reader, truncation, this::change);
    }

    public long partitionId() {
        return context.partitionId();
    }

    /** Offset of the first retained record. */
    public long startOffset() {
        return segments.isEmpty() ? 0 : segments.get(0).baseOffset();
    }

    /** Offset that the next record gets; counts what is appended and not yet flushed. */
    public long endOffset() {
        return appender.nextOffset();
    }

    /** Where this log begins; known also while nothing is in it. */
    public LogStart start() {
        return LogStart.of(segments);
    }

    public long startIndex() {
        return segments.isEmpty() ? 0 : segments.get(0).baseIndex();
    }

    public long endIndex() {
        return appender.nextIndex();
    }

    /** Offset behind the last record that is on the disk. Any thread. */
    public long durableOffset() {
        return commit.durableOffset();
    }

    /** Index behind the last entry that is on the disk. Any thread. */
    public long durableIndex() {
        return commit.durableIndex();
    }

    /** Index behind the last entry that was flushed: it survives this process, and not its machine. */
    public long writtenIndex() {
        return commit.written().endIndex();
    }

    /**
     * All entries below this index are committed: {@link #truncateTo} spares them from now on, and after a restart as far as
     * the marks have it, a tenth of a second later. What is not is neither removed nor rewritten. Until this is called all
     * that is durable counts as committed: the log is the only copy.
     */
    public void committed(long index) {
        commit.committed(index);
        context.marks().committed(context.partitionId(), index);
        groupCommit.marksMoved();
    }

    /** Takes that back, but for the marks: this log is the only copy from now on. */
    public void onlyCopy() {
        commit.onlyCopy();
    }

    /** Epoch of the last entry, -1 in an empty log. */
    public int lastEpoch() {
        return appender.lastEpoch();
    }

    /** The next entry's ingestion time is this at least; {@link Long#MIN_VALUE} where there never was one. */
    public long lastIngestionTimeMs() {
        return appender.lastIngestionTimeMs();
    }

    /**
     * The leader epochs of all retained entries, oldest first; what is not flushed yet counts. The first one starts with
     * the first retained entry, wherever it began. A log whose entries are all gone names the last one's, at its end.
     */
    public List<EpochStart> epochs() throws CorruptLogException, LogOfflineException {
        return commit.reading(reader::epochs);
    }

    /**
     * Appends a batch: stamps base offset and epoch into its header in place. The batch's buffer is borrowed until
     * {@link #flush} returns. Its ingestion time is {@code nowMs}, or that of the entry before it if that is later.
     *
     * @param leaderEpoch not lower than {@link #lastEpoch}
     * @return the batch's base offset
     * @throws DiskFullException if there is no room; nothing has changed, and the same call may succeed later
     * @throws LogOfflineException if this log takes no appends until a restart
     */
    public long appendData(RecordBatch batch, EventTimes times, int leaderEpoch, long nowMs)
            throws DiskFullException, LogOfflineException {
        return appender.appendData(batch, times, leaderEpoch, nowMs);
    }

    /**
     * Appends a control entry. The payload (position to limit) is borrowed until {@link #flush} returns.
     *
     * @return its entry index
     */
    public long appendControl(EntryKind kind, ByteBuffer payload, int leaderEpoch, long nowMs)
            throws DiskFullException, LogOfflineException {
        return appender.appendControl(kind, payload, leaderEpoch, nowMs);
    }

    /**
     * Appends one or more whole entries exactly as they stand in the leader's log, of any kind: index, offset, epoch and
     * ingestion time are theirs. They must go on where this log ends, and every checksum is computed. The log's segments
     * end where the leader's do, at its ROLL entries, and nowhere else: sealed segments are the same, byte by byte.
     *
     * <p>Position to limit are borrowed until {@link #flush} returns; not a mapping of a file, which a disk's error would
     * make the end of the process.
     *
     * @throws InvalidEntriesException if the bytes are not the next entries of this log; nothing has changed
     * @throws DiskFullException if there is no room; what comes before, in full segments, is appended, up to {@link #endIndex}
     */
    public void appendReplicated(ByteBuffer entries, long nowMs)
            throws InvalidEntriesException, DiskFullException, LogOfflineException {
        appender.appendReplicated(entries, nowMs);
    }

    /**
     * This log is a copy of another from now on, as with {@link #appendReplicated}, until it is appended to in an epoch of
     * its own: it makes no entry by itself, which an end to its open segment would be.
     */
    public void follow() {
        appender.follow();
    }

    /**
     * This log is the one that others follow, until it follows itself: an end that it gives to its open segment is of this
     * epoch, higher than {@link #lastEpoch}, also where nothing else of it was appended yet.
     */
    public void lead(int epoch) {
        appender.lead(epoch);
    }

    /**
     * Removes all entries at and behind an index, before it returns and for good: after a crash in the middle the log holds
     * all of them, the first so many, or none; after one later none. If there were any, what is left is durable then. The
     * log follows ({@link #follow}). Slices that were lent keep their bytes. A report of the group commit that was under
     * way may still name an end from before: {@link #durableIndex} is right.
     *
     * @param floorIndex what the caller knows to be committed; the commit mark counts too
     * @throws TruncationRefusedException if the index lies below what is committed or retained, behind the end, or inside
     *     an entry; nothing has changed
     * @throws DiskFullException if there is no room to keep what others still read; nothing has changed
     */
    public void truncateTo(long index, long floorIndex) throws StorageException {
        commit.checkOnline();
        truncation.require(index, Math.max(floorIndex, startIndex()), endIndex());
        flush();
        change(() -> {
            if (index < endIndex()) {
                appender.truncated(truncation.run(index));
            } else {
                truncation.settle();
            }
        });
    }

    /** While neither the group commit nor a rewriting is in the log; it follows then. */
    private void change(LogTruncation.Step change) throws StorageException {
        member.withdraw();
        rewriting.stop();
        try {
            change.run();
            follow();
        } catch (TruncationRefusedException | DiskFullException e) {
            throw e;
        } catch (IOException e) {
            throw commit.unreadable(e);
        } finally {
            member = groupCommit.enlist(commit);
            member.submit();
        }
    }

    /**
     * Gives up all that this log holds, and lets it begin without entries at a later index, before it returns and for good:
     * for a copy of a log that has lost its beginning to retention. A crash in the middle leaves the old log, or this. It
     * follows ({@link #follow}). Slices that were lent keep their bytes. Right only if what is below the index is committed, elsewhere, and nothing that this log holds from there on is.
     *
     * @param start of the other log
     * @param floorIndex what the caller knows to be committed; the commit mark counts too
     * @throws TruncationRefusedException if more is known to be committed than what is below the index; nothing has changed
     * @throws DiskFullException if there is no room; nothing has changed
     */
    public void beginAt(LogStart start, long floorIndex) throws StorageException {
        commit.checkOnline();
        truncation.require(start.index(), floorIndex, Long.MAX_VALUE);
        flush();
        change(() -> appender.truncated(truncation.beginAt(start)));
    }

    /** Whole segments, to and from other copies. */
    public SegmentExchange exchange() {
        return exchange;
    }

    /** Writes what was appended since the last flush, in one write, and hands the log to the group commit. */
    public void flush() throws LogOfflineException {
        appender.flush();
        if (commit.takeNews()) {
            member.submit();
        }
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
        commit.checkOnline();
        Written end = commit.written();
        if (fromOffset < startOffset() || fromOffset > end.endOffset()) {
            throw new OffsetOutOfRangeException(fromOffset, startOffset(), end.endOffset());
        }
        if (fromOffset >= Math.min(untilOffset, end.endOffset())) {
            return LogSlice.empty(fromOffset);
        }
        return commit.reading(() -> reader.read(fromOffset, untilOffset, maxBytes, eventTimes, end));
    }

    /**
     * Reads whole entries of one segment, of every kind and byte by byte as they stand there, from the one that holds
     * {@code fromIndex} on: at least one, even if it is larger than {@code maxBytes}, else no more than that. Empty if the
     * first does not lie wholly below {@code untilIndex}, or is not flushed.
     *
     * @param untilIndex read nothing at or behind it: {@link #durableIndex}, or {@link #endIndex} for all that is flushed
     * @throws EntryOutOfRangeException if the index lies before the first retained entry or behind the end
     */
    public EntryRun readEntries(long fromIndex, long untilIndex, int maxBytes)
            throws EntryOutOfRangeException, CorruptLogException, LogOfflineException {
        commit.checkOnline();
        Written end = commit.written();
        if (fromIndex < startIndex() || fromIndex > appender.nextIndex()) {
            throw new EntryOutOfRangeException(fromIndex, startIndex(), appender.nextIndex());
        }
        long until = Math.min(untilIndex, end.endIndex());
        if (fromIndex >= until) {
            return new EntryRun(LogSlice.empty(end.endOffset()), fromIndex, fromIndex);
        }
        return commit.reading(() -> reader.readEntries(fromIndex, until, maxBytes, end));
    }

    /** First offset of the first batch ingested at or after a time; the flushed end if there is none yet. */
    public long offsetForIngestionTime(long timeMs) throws CorruptLogException, LogOfflineException {
        return commit.reading(() -> reader.offsetForIngestionTime(timeMs, commit.written()));
    }

    /** First offset of the first batch that holds an event time at or after the given one; else the flushed end. */
    public long offsetForEventTime(long timeMs) throws CorruptLogException, LogOfflineException {
        return commit.reading(() -> reader.offsetForEventTime(timeMs, commit.written()));
    }

    /** Reads a place in a segment once more, if it is still there, whoever has checked it. Damage takes the log offline. */
    public void recheck(long baseIndex, long position) throws CorruptLogException, LogOfflineException {
        flush();
        commit.reading(() -> reader.recheck(baseIndex, position));
    }

    /** The same of the entry that holds a record: for bytes of it that turn out not to be what was written. */
    public void recheckRecord(long offset) throws CorruptLogException, LogOfflineException {
        flush();
        commit.reading(() -> reader.recheckRecord(offset));
    }

    /** The same with entries that are flushed, up to the end of the segment that holds the first of them. */
    public void recheckEntries(long from, long until) throws CorruptLogException, LogOfflineException {
        commit.reading(() -> reader.recheckEntries(from, until));
    }

    /**
     * Shows all flushed entries from the last CHECKPOINT on, or from the start if there is none.
     *
     * @throws DiskFullException if the process has no file descriptor left; the same call may succeed later
     */
    public void replay(EntryVisitor visitor) throws CorruptLogException, DiskFullException, LogOfflineException {
        commit.replaying(() -> reader.replay(visitor, commit.written()));
    }

    /**
     * Gives the payload of the CHECKPOINT entry that starts each new segment: what {@link #replay} would have rebuilt
     * from all entries so far. Asked when {@code append…} opens a segment, borrowed until the next flush; null: none.
     */
    public void checkpointSource(Supplier<@Nullable ByteBuffer> source) {
        appender.checkpointSource(source);
    }

    /** As {@link #deleteOldSegments(long, long, long, long, long)} where age and size alone count. */
    public int deleteOldSegments(long nowMs, long retentionMs, long retentionBytes) throws LogOfflineException {
        return deleteOldSegments(nowMs, retentionMs, retentionBytes, 0, Long.MAX_VALUE);
    }

    /**
     * Removes sealed segments whose records are all older than {@code retentionMs} by ingestion time, and the oldest
     * ones while the log is larger than {@code retentionBytes}. An open segment that has outlived its time is sealed
     * and a new one begun; it goes with the first call after that is durable. Negative: no limit.
     *
     * @param doneBefore segments with records before this offset only go, whatever their age
     * @param neededFrom records from this offset on stay, whatever their age
     * @return how many were removed
     */
    public int deleteOldSegments(long nowMs, long retentionMs, long retentionBytes, long doneBefore, long neededFrom)
            throws LogOfflineException {
        commit.checkOnline();
        long oldestMs = retentionMs < 0 ? Long.MIN_VALUE : nowMs - retentionMs;
        retention.sealOutlived(nowMs, oldestMs);
        flush();
        return retention.deleteOld(oldestMs, retentionBytes, doneBefore, neededFrom);
    }

    /** Removes sealed segments that end before an index and are committed; returns how many. */
    public int dropBefore(long index) throws LogOfflineException {
        commit.checkOnline();
        return retention.dropBefore(index);
    }

    /**
     * Seals the open segment, if it holds records, so that {@link #rewrite} can come to them: as soon as all that was
     * appended so far is durable. A new segment is begun, with its checkpoint. Nothing happens in a log that follows.
     *
     * @throws DiskFullException if there is no room for the new segment; nothing has changed, or the old one is sealed
     */
    public void sealOpen(long nowMs) throws DiskFullException, LogOfflineException {
        commit.checkOnline();
        retention.sealOpen(nowMs);
        flush();
    }

    /**
     * Removes records from sealed segments: each that loses enough is replaced by a smaller file with the same entry
     * indexes and offsets. What is gone is a hole: a batch keeps the offsets that it spans, and batches that lost all are
     * one {@link io.headwater.record.Hole}. Control entries stay.
     *
     * <p>To erase something for good: {@link #sealOpen}; when all that is durable, rewrite with a share of 1; when the
     * report says no failure, it is in no file of the log below {@link RewriteReport#untilOffset}.
     *
     * <p>Only segments that no {@link #replay} begins in can be rewritten: those before the last durable checkpoint, so
     * that nothing is forgotten that was derived from their batch headers. The files are made in the background; appends
     * and reads go on, and slices that were lent keep the old bytes. One rewriting at a time.
     *
     * @param mostLiveShare a segment of which a larger share of the records is kept stays as it is, 0 to 1; for a filter
     *     that looks inside the records there is no such limit
     * @param owner runs work on this log's thread, some time later; it is given one thing at a time, and refuses nothing
     *     until the process ends
     * @param done hears on the owner's thread what became of it; hears nothing if the log is closed or deleted first
     * @throws IllegalStateException if one is under way
     */
    public void rewrite(RecordFilter filter, double mostLiveShare, Executor owner, Consumer<RewriteReport> done)
            throws CorruptLogException, LogOfflineException {
        rewriting.start(filter, mostLiveShare, owner, done);
    }

    public boolean isRewriting() {
        return rewriting.isUnderWay();
    }

    /** The largest batch that an append takes. */
    public int maxBatchBytes() {
        return context.config().maxBatchBytes();
    }

    public LogStats stats() {
        return LogStats.of(segments);
    }

    /** {@code null} while the log is online. Any thread. */
    public @Nullable String offlineReason() {
        return commit.offlineReason();
    }

    /** Why it is offline, if that is damage and nothing else; {@code null}: it is not. */
    public @Nullable CorruptLogException damage() {
        return commit.damage();
    }

    /** Whether slices of it may still be read by others, who have not let go of them. For a log that is closed. */
    boolean isLent() {
        return segments.stream().anyMatch(Segment::lent);
    }

    /**
     * Gives back files, mappings and memory of a log that is not in use; the next use takes them again. False if there
     * is something unflushed or not yet durable: try later.
     */
    public boolean hibernate() {
        if (commit.offline() != null || appender.isPending() || !commit.allDurable()) {
            return false;
        }
        try {
            rest();
        } catch (IOException e) {
            commit.takeOffline("its files cannot be put to rest", e);
            return false;
        }
        return true;
    }

    /** Closes all files. The open segment's index is kept in a file, and what was preallocated is given back. */
    private void rest() throws IOException {
        for (Segment segment : segments) {
            if (segment.isOpen()) {
                segment.rest();
            }
            reader.forget(segment);
            segment.release();
        }
        appender.rested();
    }

    /** From now on nothing is preallocated: the log is about to be closed. */
    void stopPreallocating() {
        if (!segments.isEmpty()) {
            segments.get(segments.size() - 1).stopPreallocating();
        }
    }

    /** Ends this log's life in order: all of it synced, its mark exact. The sync thread must have stopped. */
    void close() throws IOException {
        member.withdraw();
        rewriting.close();
        if (commit.offline() == null) {
            appender.flush();
            SyncPoint end = new SyncPoint();
            commit.written(end);
            boolean changed = commit.written().file() != null;
            if (changed) {
                commit.sync();
            }
            rest();
            if (changed) {
                Segment last = segments.get(segments.size() - 1);
                try (DiskFile file = context.disk().open(last.path(), Disk.Mode.READ_WRITE)) {
                    file.sync();
                }
                context.marks().clean(context.partitionId(), end);
            }
        }
        abandon();
    }

    /** Lets go of everything as it is. */
    void abandon() {
        member.withdraw();
        rewriting.cancel();
        segments.forEach(Segment::release);
        commit.abandon();
    }
}
