package io.headwater.broker.copy;

import io.headwater.broker.replica.Entries;
import io.headwater.broker.replica.EpochTable;
import io.headwater.broker.replica.Lack;
import io.headwater.broker.replica.LogEnd;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaLog;
import io.headwater.broker.replica.ReplicaStart;
import io.headwater.record.ControlPayload;
import io.headwater.record.EntryKind;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.EntryRun;
import io.headwater.storage.IncomingSegment;
import io.headwater.storage.InvalidEntriesException;
import io.headwater.storage.LogStart;
import io.headwater.storage.Mark;
import io.headwater.storage.Marks;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.ReplicaFlag;
import io.headwater.storage.SegmentExchange;
import io.headwater.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.concurrent.EpochClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica's log on disk. On the thread that owns the partition, as the replica itself. Who leads may append data to the
 * {@link PartitionLog} directly, in the epoch that it leads; all else that changes the log comes through here.
 *
 * <p>What is appended is written by {@link #flush}, which the owner calls once in each of its turns, when everything of
 * the turn is appended and before it tells the replica ({@code onAppended}) or ends the turn. Until then the bytes of
 * {@link #append} are borrowed. The group commit reports what is durable; then the owner calls {@code onDurable}.
 *
 * <p>A method of {@link ReplicaLog} that cannot do what it is asked for throws a {@link CopyFailedException} through the
 * replica to the owner. {@link #append} does so only if the log is at its end: a full disk and bytes that are not the next
 * entries leave the log as it is, nothing is acknowledged, and the leader sends again.
 */
public final class CopyLog implements ReplicaLog {
    private static final Logger LOG = LoggerFactory.getLogger(CopyLog.class);

    private final PartitionLog log;
    private final Marks marks;
    private final EpochClock clock;
    private EpochTable epochs = new EpochTable();
    private long tableStart;
    private long committed;
    private boolean dirty;
    /** The marks say that what counts need not be on disk, as far as {@link #countedEnd}. */
    private boolean unsynced;

    private long countedEnd;
    private long refused;
    private boolean refusing;
    private boolean mayCopy = true;

    /**
     * Over a log that was just opened. It follows, until {@link #lead}.
     *
     * @param marks of the log's data directory
     * @param clock for the ingestion time of what this replica appends itself
     */
    public CopyLog(PartitionLog log, Marks marks, EpochClock clock) {
        this.log = log;
        this.marks = marks;
        this.clock = clock;
        this.committed = Math.max(mark().commitIndex, log.startIndex());
        readEpochs();
        log.follow();
        // What is only on this disk may be cut yet: it is neither given to others as final, nor let go of.
        log.committed(committed);
        // As a rule all that a log has when it is opened is on disk.
        this.unsynced = mark().has(ReplicaFlag.UNSYNCED);
        this.countedEnd = log.writtenIndex();
        countsDurable();
    }

    private Mark mark() {
        Mark mark = new Mark();
        marks.load(log.partitionId(), mark);
        return mark;
    }

    /** What the replica knows when it is opened. */
    public ReplicaStart start(ReplicaId id, long incarnation, int life) {
        Mark mark = mark();
        int promised = Math.max(mark.promisedEpoch, epochs().lastEpoch());
        return new ReplicaStart(id, incarnation, life, promised, committed, lack(mark), had(mark));
    }

    /** Where it has lost its tail since, it may have acknowledged more than this. */
    private static @Nullable LogEnd had(Mark mark) {
        boolean known = mark.hadEndIndex > 0 && !mark.has(ReplicaFlag.LOST_TAIL);
        return known ? new LogEnd(mark.hadEpoch, mark.hadEndIndex) : null;
    }

    private static Lack lack(Mark mark) {
        if (mark.has(ReplicaFlag.SUSPECT)) {
            return Lack.ANYTHING;
        }
        return mark.has(ReplicaFlag.LOST_TAIL) ? Lack.TAIL : Lack.NOTHING;
    }

    /**
     * For {@code ReplicaOwner.mayCountWritten}: the first time, synced when it returns. Not after a failed sync: the system may
     * have dropped what was written.
     */
    public boolean mayCountWritten() {
        if (!unsynced) {
            try {
                unsynced = marks.unsynced(log.partitionId());
            } catch (IOException e) {
                if (!(e instanceof DiskFullException)) {
                    throw new CopyFailedException(
                            "that it counts what is not synced cannot be kept: " + e.getMessage());
                }
            }
        }
        countedEnd = log.endIndex(); // with what this turn is about to write
        return unsynced;
    }

    /** Only what is on disk counts from now on: as soon as all that did before is there, a power loss takes nothing. */
    public void countsDurable() {
        if (unsynced && log.durableIndex() >= countedEnd) {
            unsynced = false;
            marks.allSynced(log.partitionId());
        }
    }

    /** For {@code ReplicaOwner.wholeAgain}: synced when it returns. Returns whether it was damaged. */
    public boolean wholeAgain() {
        boolean damaged = mark().has(ReplicaFlag.SUSPECT);
        try {
            marks.lower(log.partitionId(), ReplicaFlag.SUSPECT, ReplicaFlag.LOST_TAIL);
        } catch (DiskFullException e) {
            throw new CopyFailedException("that it is whole again cannot be kept", e);
        } catch (IOException e) {
            throw new CopyFailedException("that it is whole again cannot be kept: " + e.getMessage());
        }
        return damaged;
    }

    /** In {@code ReplicaOwner.leads}: the log ends its segments by itself, in this epoch. */
    public void lead(int epoch) {
        log.lead(epoch);
    }

    /** In {@code ReplicaOwner.stopsLeading}: the log makes no entry by itself. */
    public void follow() {
        log.follow();
    }

    /** In {@code ReplicaOwner.committed}: nothing below is ever cut. Its mark follows some 100 ms later. */
    public void committed(long endIndex) {
        committed = Math.max(committed, endIndex);
        log.committed(endIndex);
    }

    /**
     * Instead of {@link #committed}, while this replica is the only voter: what is on its disk is committed, and no mark need
     * say so. Costs nothing, and may be called again.
     */
    public void onlyCopy() {
        log.onlyCopy();
    }

    /** Whether something was appended through here and not flushed. */
    public boolean isDirty() {
        return dirty;
    }

    /** Writes what was appended, in one write, and hands the log to the group commit. */
    public void flush() {
        dirty = false;
        try {
            log.flush();
        } catch (StorageException e) {
            throw new CopyFailedException("cannot be written", e);
        }
    }

    @Override
    public long startIndex() {
        return log.startIndex();
    }

    @Override
    public long endIndex() {
        return log.endIndex();
    }

    @Override
    public long durableIndex() {
        return log.durableIndex();
    }

    @Override
    public long writtenIndex() {
        return log.writtenIndex();
    }

    /** As the log has it; another table when a further epoch has come into the log by any way. */
    @Override
    public EpochTable epochs() {
        if (log.lastEpoch() > epochs.lastEpoch()) {
            readEpochs();
        } else if (log.startIndex() > tableStart) {
            tableStart = log.startIndex();
            epochs.dropBefore(tableStart - 1);
        }
        return epochs;
    }

    /** With the epoch of the entry before the first, which tells where the log comes from while nothing is in it. */
    private void readEpochs() {
        EpochTable table = new EpochTable();
        LogStart start = log.start();
        if (start.index() > 0) {
            table.append(start.epochBefore(), start.index() - 1);
        }
        try {
            log.epochs().forEach(row -> table.append(row.epoch(), row.firstIndex()));
        } catch (StorageException e) {
            throw new CopyFailedException("its epochs cannot be read", e);
        }
        epochs = table;
        tableStart = start.index();
    }

    @Override
    public long appendEpochStart(int epoch) {
        return appendControl(EntryKind.EPOCH_START, ControlPayload.epochStart(), epoch);
    }

    @Override
    public long appendConfigurationMark(int epoch, int configurationVersion) {
        return appendControl(EntryKind.CONFIG_MARK, ControlPayload.configurationMark(configurationVersion), epoch);
    }

    @Override
    public void appendLossMarker(int epoch) {
        long index = appendControl(EntryKind.LOSS_MARKER, ControlPayload.lossMarker(), epoch);
        LOG.warn(
                "partition {}: recovered in epoch {}: what was acknowledged and is not here is given up, from entry {} on",
                log.partitionId(),
                epoch,
                index - 1); // where the epoch starts
    }

    private long appendControl(EntryKind kind, ByteBuffer payload, int epoch) {
        try {
            long index = log.appendControl(kind, payload, epoch, clock.time());
            dirty = true;
            return index;
        } catch (StorageException e) {
            throw new CopyFailedException(kind + " of epoch " + epoch + " cannot be appended", e);
        }
    }

    @Override
    public void append(Entries received) {
        ByteBuffer content = ((EntryBytes) received).content();
        long endIndex = log.endIndex();
        try {
            for (ByteBuffer next : Overlap.behind(content, log)) {
                log.appendReplicated(next, clock.time());
            }
            refusing = false;
        } catch (InvalidEntriesException | DiskFullException e) {
            refuse(received, e);
        } catch (StorageException e) {
            throw new CopyFailedException("entries from " + endIndex + " on cannot be appended", e);
        } finally {
            dirty |= log.endIndex() > endIndex;
        }
    }

    private void refuse(Entries received, StorageException why) {
        refused++;
        if (!refusing) {
            refusing = true;
            LOG.warn(
                    "partition {}: entries {} to {} are not appended, the leader sends them again: {}",
                    log.partitionId(),
                    received.fromIndex(),
                    received.endIndex(),
                    why.getMessage());
        }
    }

    /** How many frames of entries were not appended, or not all of them: the disk was full, or they were damaged. */
    public long refusedAppends() {
        return refused;
    }

    /** In memory of its own, never in a mapped file; flushes first. */
    @Override
    public Entries read(long fromIndex, int maxBytes) {
        flush();
        try (EntryRun run = log.readEntries(fromIndex, log.endIndex(), maxBytes)) {
            ByteBuffer content = ByteBuffer.allocate(run.bytes().sizeInBytes());
            run.bytes().copyTo(content);
            return new EntryBytes(
                    run.baseIndex(),
                    run.nextIndex(),
                    content.flip(),
                    epochs().between(run.baseIndex(), run.nextIndex()));
        } catch (StorageException e) {
            throw new CopyFailedException("entries from " + fromIndex + " on cannot be read", e);
        }
    }

    @Override
    public void recheck(long fromIndex, long endIndex) {
        flush();
        try {
            log.recheckEntries(fromIndex, endIndex);
        } catch (StorageException e) {
            throw new CopyFailedException("entries from " + fromIndex + " on cannot be read", e);
        }
    }

    /** Where this log begins: what a copy of it must be told that cannot be sent the entries from before. */
    public LogStart logStart() {
        return log.start();
    }

    /**
     * For {@code ReplicaOwner.mustCopy}: gives up all that this log has and begins where the leader's does. It is on disk
     * when this returns: then {@code Replica.onCopied}, and the entries come by the stream. Only while the replica does not
     * lead.
     *
     * <p>A leader lets go of nothing that is not committed, so all below its start is. It has looked for the newest entry
     * that both logs have in common, and found none from its start on: so none of what this log has there is committed. If
     * this replica knows better, one of the two logs is wrong; it is not this call that decides which.
     *
     * @param leader the {@link #logStart} of a leader that is not deposed, or was not when it said so
     * @throws CopyFailedException if something behind the leader's start is known to be committed: halt the replica
     */
    public void beginAt(LogStart leader) {
        dirty = false;
        try {
            log.beginAt(leader, committed);
        } catch (StorageException e) {
            throw new CopyFailedException("cannot begin where the leader's log does", e);
        }
        committed(leader.index());
        readEpochs();
    }

    /**
     * Removes what the leader has removed, by whole segments, as far as this replica knows it to be committed.
     *
     * @param leaderStart the leader's {@link #startIndex}
     */
    public void dropBefore(long leaderStart) {
        try {
            log.dropBefore(Math.min(leaderStart, committed));
        } catch (StorageException e) {
            throw new CopyFailedException("segments before entry " + leaderStart + " cannot be removed", e);
        }
    }

    @Override
    public boolean offersSegment(long fromIndex) {
        return log.exchange().offers(fromIndex);
    }

    @Override
    public boolean takesSegments() {
        return mayCopy && log.exchange().takes();
    }

    /** Whether it asks for segments, where it may; else it is sent entries. */
    public void mayCopy(boolean whether) {
        mayCopy = whether;
    }

    /** Whole segments, to and from other copies; what is taken is taken by {@link #take}. */
    public SegmentExchange exchange() {
        return log.exchange();
    }

    /**
     * For {@code ReplicaOwner.mustCopy}: a segment of another copy, all of it committed there, becomes the last one of this
     * log. It is on disk when this returns.
     *
     * @return false: it does not go on where this log ends
     */
    public boolean take(IncomingSegment whole) {
        try {
            flush();
            if (!log.exchange().take(whole)) {
                return false;
            }
        } catch (StorageException e) {
            throw new CopyFailedException("a segment of another copy cannot be taken", e);
        }
        committed(whole.manifest().endIndex());
        readEpochs();
        return true;
    }

    /** As far as this replica knows; more than it was told where segments were taken. */
    public long committed() {
        return committed;
    }

    @Override
    public void truncateTo(long endIndex) {
        dirty = false;
        try {
            log.truncateTo(endIndex, committed);
        } catch (StorageException e) {
            throw new CopyFailedException("entries from " + endIndex + " on cannot be removed", e);
        }
        readEpochs();
    }
}
