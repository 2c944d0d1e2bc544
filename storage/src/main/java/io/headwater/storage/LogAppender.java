package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The writing end of one log: where the next entry goes, and what is appended and not written. Owner thread only. */
final class LogAppender {
    /** Behind every entry there is room for what seals the segment: the ROLL entry and the footer. */
    private static final int SEAL_BYTES = Envelope.SIZE + SegmentSummary.SIZE;

    /** Smaller steps say nothing about the pace, which is measured in milliseconds. */
    private static final long MIN_PACE_STEP_BYTES = 1 << 20;

    /** The sparse index keeps positions in 32 bits. */
    private static final long MOST_SEGMENT_BYTES = 0xffff_ffffL;

    private static final int NO_EPOCH = -1;

    private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocate(0);

    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    /** Hears of segments that were sealed, which stay open only among the few that reads use. */
    private final Consumer<Segment> sealed;

    private final DirectorySync directory;
    private final GatherBuffer pending = new GatherBuffer();
    private Supplier<@Nullable ByteBuffer> checkpoints = () -> null;

    private long nextIndex;
    private long nextOffset;
    private long lastIngestionTimeMs;
    private int lastEpoch;
    /** Entries come from another copy's log, and so do the ends of segments. */
    private boolean following;
    /** Which this log was told to lead; an entry in it may come later. */
    private int ledEpoch = NO_EPOCH;
    /** Where the pending bytes will stand in the open segment. */
    private long pendingPosition;

    /** How far ahead of the last entry space is preallocated: what is written in about half a second or more. */
    private long stepBytes;

    private long stepTimeMs = Long.MIN_VALUE;
    /** Where in the open segment the present step is used up. */
    private long stepEnd;
    /** The last step was used up at a pace at which zeros cost more than they save. */
    private boolean racing;
    /** How far preallocation is ordered in the open segment; {@link Preallocation#end} follows behind. */
    private long orderedTo;
    /** The open segment is ordered to its end, and so is a spare for the next one. */
    private boolean spareOrdered;

    LogAppender(
            LogContext context,
            List<Segment> segments,
            LogCommit commit,
            Consumer<Segment> sealed,
            int lastEpoch,
            long lastIngestionTimeMs) {
        this.context = context;
        this.segments = segments;
        this.commit = commit;
        this.sealed = sealed;
        this.directory = new DirectorySync(context.disk(), context.directory());
        this.nextIndex = commit.written().endIndex();
        this.nextOffset = commit.written().endOffset();
        this.pendingPosition = commit.written().position();
        this.lastEpoch = lastEpoch;
        this.lastIngestionTimeMs = lastIngestionTimeMs;
        this.stepBytes = context.config().initialSegmentBytes();
    }

    long lastIngestionTimeMs() {
        return lastIngestionTimeMs;
    }

    long nextIndex() {
        return nextIndex;
    }

    long nextOffset() {
        return nextOffset;
    }

    int lastEpoch() {
        return lastEpoch;
    }

    void checkpointSource(Supplier<@Nullable ByteBuffer> source) {
        checkpoints = source;
    }

    boolean following() {
        return following;
    }

    void follow() {
        following = true;
        ledEpoch = NO_EPOCH;
    }

    /** Until it follows again, this log makes its own entries, in this epoch or a later one. */
    void lead(int epoch) {
        following = false;
        ledEpoch = epoch;
    }

    /** The epoch of an entry that this log makes by itself. */
    int ownEpoch() {
        return Math.max(lastEpoch, ledEpoch);
    }

    boolean isPending() {
        return !pending.isEmpty();
    }

    long appendData(RecordBatch batch, EventTimes times, int leaderEpoch, long nowMs)
            throws DiskFullException, LogOfflineException {
        makeRoom(Envelope.SIZE + batch.sizeInBytes(), leaderEpoch, nowMs);
        following = false;
        long baseOffset = nextOffset;
        batch.stamp(baseOffset, leaderEpoch);
        Envelope envelope = pending.nextEnvelope();
        envelope.encodeData(batch, times, nextIndex, Math.max(nowMs, lastIngestionTimeMs));
        int start = batch.position();
        pending.add(
                batch.buffer().duplicate().limit(start + batch.sizeInBytes()).position(start));
        appended(envelope, batch.recordCount());
        return baseOffset;
    }

    long appendControl(EntryKind kind, ByteBuffer payload, int leaderEpoch, long nowMs)
            throws DiskFullException, LogOfflineException {
        makeRoom(Envelope.SIZE + payload.remaining(), leaderEpoch, nowMs);
        following = false;
        long index = nextIndex;
        addControl(kind, payload, leaderEpoch, nowMs);
        return index;
    }

    /** What comes after a ROLL entry is the next segment; nothing is added that the leader has not sent. */
    void appendReplicated(ByteBuffer entries, long nowMs)
            throws InvalidEntriesException, DiskFullException, LogOfflineException {
        commit.checkOnline();
        ReplicatedEntries checked = Scratch.get().replicated();
        checked.check(entries, nextIndex, nextOffset, lastEpoch, lastIngestionTimeMs);
        follow();
        for (int from = entries.position(); from < entries.limit(); ) {
            int to = ReplicatedEntries.endOfSegment(entries, from);
            Segment open = makeRoomForReplicated(to - from, nowMs);
            pending.add(entries.duplicate().limit(to).position(from));
            for (int at = from; at < to; ) {
                Envelope envelope = checked.entry(entries, at);
                appended(envelope, ReplicatedEntries.records(entries, at));
                at += envelope.length();
            }
            if (open.summary().rolled()) {
                writeSealed(open);
            }
            from = to;
        }
    }

    private Segment makeRoomForReplicated(int bytes, long nowMs)
            throws InvalidEntriesException, DiskFullException, LogOfflineException {
        Segment open = open();
        long position = open == null ? SegmentHeader.SIZE : open.summary().endPosition;
        long needed = position + bytes + SEAL_BYTES;
        if (needed > MOST_SEGMENT_BYTES) {
            throw new InvalidEntriesException("entries refused: a segment of " + needed + " bytes (expected: at most "
                    + MOST_SEGMENT_BYTES + ")");
        }
        try {
            if (open != null) {
                reserve(open, needed, nowMs);
                return open;
            }
            return begin(newFile(nextIndex, needed));
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void addControl(EntryKind kind, ByteBuffer payload, int leaderEpoch, long nowMs) {
        Envelope envelope = pending.nextEnvelope();
        envelope.encodeControl(kind, payload, nextIndex, nextOffset, leaderEpoch, Math.max(nowMs, lastIngestionTimeMs));
        if (payload.hasRemaining()) {
            pending.add(payload.duplicate());
        }
        appended(envelope, 0);
    }

    /** @param records fewer than the envelope says where the batch has holes */
    private void appended(Envelope envelope, int records) {
        Segment open = segments.get(segments.size() - 1);
        open.append(envelope, records);
        nextIndex = open.summary().endIndex;
        nextOffset = open.summary().endOffset;
        lastIngestionTimeMs = envelope.ingestionTimeMs();
        lastEpoch = envelope.leaderEpoch();
    }

    /** Writes what is pending. */
    void flush() throws LogOfflineException {
        commit.checkOnline();
        if (pending.isEmpty()) {
            return;
        }
        Segment open = segments.get(segments.size() - 1);
        try {
            write(open);
        } catch (IOException e) {
            pending.clear();
            throw commit.takeOffline("a write to " + open.path() + " failed", e);
        }
    }

    private void write(Segment open) throws IOException {
        SegmentFile file = open.file();
        pending.writeTo(file.disk(), pendingPosition);
        pendingPosition = open.summary().endPosition;
        commit.written(new Written(nextIndex, nextOffset, open.baseIndex(), pendingPosition, file));
    }

    private @Nullable Segment open() {
        Segment last = segments.isEmpty() ? null : segments.get(segments.size() - 1);
        return last == null || last.sealed() ? null : last;
    }

    /**
     * Makes sure that an entry of this size, and what seals the segment, have their blocks: in the open segment or in a
     * new one. Nothing has changed if there is no room.
     */
    private void makeRoom(int entryBytes, int leaderEpoch, long nowMs) throws DiskFullException, LogOfflineException {
        commit.checkOnline();
        if (entryBytes - Envelope.SIZE > context.config().maxBatchBytes()) {
            throw new IllegalArgumentException("batch of " + (entryBytes - Envelope.SIZE) + " bytes (expected: at most "
                    + context.config().maxBatchBytes() + ")");
        }
        int lowest = following ? lastEpoch + 1 : ownEpoch();
        if (leaderEpoch < lowest) {
            throw new IllegalArgumentException("leaderEpoch: " + leaderEpoch + " (expected: at least " + lowest + ")");
        }
        try {
            Segment open = open();
            long needed = open == null ? 0 : open.summary().endPosition + entryBytes + SEAL_BYTES;
            if (open == null || needed > context.config().segmentBytes()) {
                beginSegment(open, entryBytes, leaderEpoch, nowMs);
            } else {
                reserve(open, needed, nowMs);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** There is no room now, which passes, or the log is at its end. */
    private LogOfflineException failed(IOException e) throws DiskFullException {
        if (e instanceof DiskFullException full) {
            throw full;
        }
        if (e instanceof LogOfflineException offline) {
            return offline;
        }
        if (LogContext.noDescriptorsLeft(e)) {
            throw new DiskFullException(context + ": the process has no file descriptor left", e);
        }
        return commit.takeOffline("the files of the log cannot be written", e);
    }

    private void reserve(Segment open, long needed, long nowMs) throws IOException {
        open.index();
        Preallocation space = open.preallocation();
        orderedTo = Math.max(orderedTo, space.end());
        if (needed > stepEnd) {
            paceSteps(nowMs);
            stepEnd = needed + stepBytes;
        }
        if (orderedTo - needed < stepBytes && !spareOrdered) {
            orderAhead(open.file(), space, needed);
        }
        if (space.end() < needed) {
            // Too late: no more than what is needed about now, since every partition of the owner waits for it.
            space.extend(needed, stepTarget(needed, needed + Preallocation.CHUNK_BYTES));
        }
    }

    /** Steps that are used up quickly are followed by larger ones. */
    private void paceSteps(long nowMs) {
        long elapsedMs = stepTimeMs == Long.MIN_VALUE ? Long.MAX_VALUE : nowMs - stepTimeMs;
        racing = stepBytes >= Math.min(MIN_PACE_STEP_BYTES, context.config().maxStepBytes())
                && stepBytes * 1000 / context.config().reservePace() >= elapsedMs;
        if (elapsedMs < 500) {
            stepBytes = Math.min(stepBytes * 2, context.config().maxStepBytes());
        } else if (elapsedMs > 10_000) {
            stepBytes = Math.max(stepBytes / 2, context.config().initialSegmentBytes());
        }
        stepTimeMs = nowMs;
    }

    private long stepTarget(long needed, long target) {
        return Math.max(needed, Math.min(target, context.config().segmentBytes()));
    }

    /** A piece for each piece that is used up: zeros in one go would hold up every sync until they are on disk. */
    private void orderAhead(SegmentFile file, Preallocation space, long needed) {
        long piece = racing ? stepBytes : Preallocation.pieceOf(stepBytes);
        long target = Math.min(
                Math.max(orderedTo + piece, needed + stepBytes),
                context.config().segmentBytes());
        if (target > orderedTo) {
            orderedTo = target;
            boolean reserve = racing;
            long zeros = Preallocation.pieceOf(stepBytes);
            context.spares().inBackground(() -> extend(file, space, target, zeros, reserve));
        } else {
            spareOrdered = true;
            context.spares().want(stepBytes, racing);
        }
    }

    private void extend(SegmentFile file, Preallocation space, long target, long piece, boolean reserve) {
        if (commit.offline() != null || !file.tryRetain()) {
            return;
        }
        try {
            if (!reserve
                    || !space.reserveAhead(target, (from, to) -> context.disk().reserve(file.path(), from, to))) {
                space.extendAhead(target, piece, () -> commit.syncAhead(file));
            }
        } catch (IOException e) {
            commit.takeOffline("preallocating its segment failed", e);
        } finally {
            file.release();
        }
    }

    /** Everything that may fail for want of room comes first; then the old segment is sealed, and the new one begun. */
    private void beginSegment(@Nullable Segment open, int entryBytes, int leaderEpoch, long nowMs) throws IOException {
        long baseIndex = open == null ? nextIndex : nextIndex + 1;
        ByteBuffer checkpoint = checkpoints.get();
        long needed = (long) SegmentHeader.SIZE + entryBytes + SEAL_BYTES;
        if (checkpoint != null) {
            needed += Envelope.SIZE + checkpoint.remaining();
        }
        if (open != null) {
            reserveSeal(open);
        }
        SegmentFile file = newFile(baseIndex, needed);
        if (open != null) {
            seal(open, leaderEpoch);
        }
        begin(file);
        if (checkpoint != null) {
            addControl(EntryKind.CHECKPOINT, checkpoint, leaderEpoch, nowMs);
        }
    }

    private Segment begin(SegmentFile file) {
        SegmentHeader header =
                new SegmentHeader(context.partitionId(), nextIndex, nextOffset, lastEpoch, lastIngestionTimeMs);
        Segment begun = new Segment(context, header, SegmentSummary.of(header), false, SegmentHeader.SIZE);
        begun.adopt(file);
        begun.adopt(new SegmentIndex(nextIndex, context.config().indexIntervalBytes()));
        segments.add(begun);
        stepEnd = Math.max(0, stepEnd - pendingPosition);
        pendingPosition = 0;
        orderedTo = 0;
        spareOrdered = false;
        pending.add(header.encode());
        return begun;
    }

    private SegmentFile newFile(long baseIndex, long needed) throws IOException {
        Disk disk = context.disk();
        if (segments.isEmpty()) {
            context.marks().register(context.partitionId());
            disk.createDirectories(context.directory());
            commit.named(context.parent());
        }
        SpareFiles.Spare spare = context.spares().take();
        DiskFile file;
        long zeroed = 0;
        if (spare != null) {
            disk.rename(spare.path(), context.logPath(baseIndex));
            file = spare.file();
            zeroed = spare.bytes();
        } else {
            file = create(context, baseIndex);
        }
        try {
            long ahead = Math.min(stepBytes, Preallocation.CHUNK_BYTES);
            new Preallocation(file, zeroed).extend(needed, stepTarget(needed, ahead));
        } catch (IOException e) {
            file.close();
            disk.delete(context.logPath(baseIndex));
            throw e;
        }
        commit.named(directory);
        return new SegmentFile(context.logPath(baseIndex), file);
    }

    /** A file of this name can only be what a full disk or a crash left behind before it held anything. */
    private static DiskFile create(LogContext context, long baseIndex) throws IOException {
        try {
            return context.disk().open(context.logPath(baseIndex), Disk.Mode.CREATE_NEW);
        } catch (FileAlreadyExistsException leftBehind) {
            context.disk().delete(context.logPath(baseIndex));
            return context.disk().open(context.logPath(baseIndex), Disk.Mode.CREATE_NEW);
        }
    }

    /** A segment that was put to rest, or recovered, has lost the room behind its last entry. */
    private static void reserveSeal(Segment open) throws IOException {
        long needed = open.summary().endPosition + SEAL_BYTES;
        open.preallocation().extend(needed, needed);
    }

    /**
     * Ends the open segment with a ROLL entry and the footer, for which there is room behind every append, and writes
     * both together with what is pending. The entry is of the epoch that makes it, as any other: two leaders may put
     * different entries there, and their epochs tell them apart.
     *
     * @throws DiskFullException if a segment that was put to rest finds no room for them any more; nothing has changed
     */
    void seal(Segment open, int leaderEpoch) throws DiskFullException, LogOfflineException {
        try {
            reserveSeal(open);
            open.index();
        } catch (DiskFullException e) {
            throw e;
        } catch (IOException e) {
            throw commit.takeOffline("the files of the log cannot be written", e);
        }
        // Not of now: it must not make old records look young.
        addControl(EntryKind.ROLL, NO_PAYLOAD, leaderEpoch, lastIngestionTimeMs);
        writeSealed(open);
    }

    /** The last entry is a ROLL entry: writes it with what is pending, and the footer behind it. */
    private void writeSealed(Segment open) throws LogOfflineException {
        try {
            SegmentIndex index = open.index();
            pending.add(open.seal());
            write(open);
            commit.sealed(open.file(), open.sealedSize());
            context.spares().inBackground(() -> open.writeIndex(index));
            sealed.accept(open);
        } catch (IOException e) {
            pending.clear();
            throw commit.takeOffline("a write to " + open.path() + " failed", e);
        }
    }

    /** Begins a segment that nothing asks for yet, so that all those before it can go. */
    void beginEmpty(long nowMs) throws DiskFullException, LogOfflineException {
        makeRoom(Envelope.SIZE, ownEpoch(), nowMs);
    }

    /** The log was cut behind the last entry of this segment. */
    void truncated(Segment last) {
        SegmentSummary end = last.summary();
        nextIndex = end.endIndex;
        nextOffset = end.endOffset;
        lastEpoch = end.lastEpoch;
        lastIngestionTimeMs = Math.max(end.maxIngestionTimeMs, last.header().lastIngestionTimeMs());
        pendingPosition = end.endPosition;
        stepEnd = 0;
        orderedTo = 0;
        spareOrdered = false;
        follow();
    }

    /** The open segment was put to rest: its file ends with its last entry, and the next append preallocates anew. */
    void rested() {
        orderedTo = 0;
    }
}
