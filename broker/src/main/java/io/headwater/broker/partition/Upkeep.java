package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.record.RecordFilter;
import io.headwater.storage.KeyCompaction;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.RewriteReport;
import io.headwater.storage.StorageException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is removed from a partition's log, and when: by age and size, because all queue groups are done with it, because a
 * later record has its key, or for good because somebody asks. On the partition's owner thread.
 */
public final class Upkeep {
    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
    /** A segment of which a larger share of the records is needed is not worth the work. */
    private static final double MOST_LIVE_SHARE = 0.5;
    /** Of one compaction; a key takes up to 64 bytes meanwhile. */
    private static final int MOST_KEYS = 1 << 20;

    private final PartitionInfo info;
    private final PartitionLog log;
    private final PartitionQueues queues;
    private final DoneHistory doneHistory = new DoneHistory();
    private @Nullable NeededRecords needed;
    private int neededOfChange;
    /** While the log is rewritten without what is not among these. */
    private @Nullable NeededRecords rewritingFor;
    /** Keys of records before this offset have been compared. From the start again after a restart. */
    private long compactedUntil;

    private int compactedSegments;
    private long compactedMs;

    Upkeep(PartitionInfo info, PartitionLog log, PartitionQueues queues) {
        this.info = info;
        this.log = log;
        this.queues = queues;
    }

    /**
     * Removes what is too old or too much, and what all queue groups were done with long enough ago; never what one of
     * them still needs.
     *
     * <p>Segments of which little is left are rewritten without the rest, in the background.
     *
     * @param committedIndex all entries below stay whatever happens
     * @param owner runs work on this partition's thread, some time later
     * @return how many segments were removed
     */
    public int retain(TopicPolicy policy, long nowMs, long committedIndex, Executor owner) throws StorageException {
        long floor = queues.isEmpty() ? log.startOffset() : queues.floor();
        long doneBefore = 0;
        if (neededOfChange != queues.changes()) {
            // What was not needed then may be needed by a group that was made since, or was replayed.
            neededOfChange = queues.changes();
            needed = null;
        }
        // What is decided and not in the log yet may never be.
        boolean worked =
                policy.work().untilAcked() && !queues.isEmpty() && queues.ops().isEmpty();
        if (worked) {
            doneHistory.note(nowMs, floor, log.endIndex());
            doneBefore = doneHistory.doneBefore(nowMs, policy.work().ackedGraceMs(), committedIndex);
        }
        long neededFrom = queues.isEmpty() && !policy.work().untilAcked() ? Long.MAX_VALUE : floor;
        long windowMs = policy.work().dedup().windowMs();
        if (policy.work().dedup().isOn()) {
            // A start reads the ids of the window from the log.
            neededFrom = Math.min(neededFrom, log.offsetForIngestionTime(nowMs - windowMs));
        }
        int removed =
                log.deleteOldSegments(nowMs, policy.retentionMs(), policy.retentionBytes(), doneBefore, neededFrom);
        if (worked && !log.isRewriting()) {
            rewriteDone(Math.max(policy.work().ackedGraceMs(), windowMs), nowMs, committedIndex, owner);
        }
        if (policy.compaction().on() && !log.isRewriting()) {
            compact(policy.compaction().tombstoneDelayMs(), nowMs, owner);
        }
        return removed;
    }

    /** When a segment was sealed since the last time, or tombstones may have become old. */
    private void compact(long tombstoneDelayMs, long nowMs, Executor owner) throws StorageException {
        int segments = log.stats().segments();
        boolean news = segments != compactedSegments || nowMs - compactedMs >= tombstoneDelayMs;
        if (segments < 2 || !news) {
            return;
        }
        compactedSegments = segments;
        compactedMs = nowMs;
        long tombstonesUntil = log.offsetForIngestionTime(nowMs - tombstoneDelayMs);
        KeyCompaction.start(log, compactedUntil, MOST_KEYS, tombstonesUntil, owner, result -> {
            compactedUntil = result.nextOffset();
            rewritten(result.report());
        });
    }

    /** What was not needed at one call goes at a later one, when that is durable and the grace is over. */
    private void rewriteDone(long graceMs, long nowMs, long committedIndex, Executor owner) throws StorageException {
        NeededRecords ripe = needed;
        if (ripe == null) {
            needed = NeededRecords.of(queues.engines(), log.startOffset(), log.endOffset(), nowMs, log.endIndex());
        } else if (ripe.isRipe(nowMs, graceMs, committedIndex)) {
            needed = null;
            rewritingFor = ripe;
            log.rewrite(ripe, MOST_LIVE_SHARE, owner, report -> {
                rewritingFor = null;
                rewritten(report);
            });
        }
    }

    /** Whether a record that all groups were done with is perhaps just being removed: nobody can be given it again. */
    public boolean isBeingRemoved(long offset) {
        return rewritingFor != null && !rewritingFor.keeps(offset);
    }

    /**
     * Begins to erase: what stands in the open segment can be reached when everything that is appended by now is durable;
     * then call {@link #erase}.
     */
    void prepareToErase(long nowMs) throws StorageException, RequestFailedException {
        checkNoRewriting();
        log.sealOpen(nowMs);
    }

    /** Erases, in the background. {@code done} hears on this partition's thread what became of it. */
    public void erase(RecordFilter what, Executor owner, Consumer<RewriteReport> done)
            throws StorageException, RequestFailedException {
        checkNoRewriting();
        log.rewrite(what, 1, owner, done);
    }

    private void checkNoRewriting() throws RequestFailedException {
        if (log.isRewriting()) {
            throw new RequestFailedException(PartitionErrors.rewriting(info));
        }
    }

    private void rewritten(RewriteReport report) {
        if (report.failure() != null) {
            LOG.warn(
                    "partition {}: rewriting: {}",
                    info.displayName(),
                    report.failure().getMessage());
        }
        if (!report.segments().isEmpty()) {
            LOG.info(
                    "partition {}: rewrote {} segments without {} records that nobody needs: {} KiB are free",
                    info.displayName(),
                    report.segments().size(),
                    report.removedRecords(),
                    report.freedBytes() >> 10);
        }
    }
}
