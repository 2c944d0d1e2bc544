package io.headwater.storage;

import io.headwater.record.RecordCursor;
import io.headwater.record.RecordFilter;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Compaction by key: of the records with one key the last stays, and that too goes in time if it is a tombstone (a record
 * without a value). Records without a key all stay. It takes two walks over a log's sealed segments: the first reads the
 * keys of what came since the last compaction, as many as there is memory for; the second removes what these supersede,
 * and old tombstones, from all segments, oldest first.
 */
public final class KeyCompaction {
    private final PartitionLog log;
    private final KeyOffsets keys;
    private final long fromOffset;
    private final long tombstonesUntil;
    private final Executor owner;
    private final Consumer<Result> done;
    private boolean full;
    private long nextOffset;

    /**
     * What became of it.
     *
     * @param nextOffset where the next compaction starts: behind the last record whose key was taken in; where this one
     *     did if it failed
     */
    public record Result(RewriteReport report, long nextOffset) {}

    private KeyCompaction(
            PartitionLog log,
            long fromOffset,
            int mostKeys,
            long tombstonesUntil,
            Executor owner,
            Consumer<Result> done) {
        this.log = log;
        long records = Math.max(1, log.durableOffset() - fromOffset);
        this.keys = new KeyOffsets((int) Math.min(mostKeys, records));
        this.fromOffset = fromOffset;
        this.tombstonesUntil = tombstonesUntil;
        this.owner = owner;
        this.done = done;
    }

    /**
     * Starts one; on the log's thread, and as {@link PartitionLog#rewrite} otherwise.
     *
     * @param fromOffset the last result's {@link Result#nextOffset}; 0 for a log that was never compacted
     * @param mostKeys bounds the memory, of which a key takes up to 64 bytes
     * @param tombstonesUntil tombstones below this offset go, unless their key came back: it should lie before whatever
     *     a slow reader still has to see. {@link PartitionLog#offsetForIngestionTime} tells it for an age
     */
    public static void start(
            PartitionLog log,
            long fromOffset,
            int mostKeys,
            long tombstonesUntil,
            Executor owner,
            Consumer<Result> done)
            throws CorruptLogException, LogOfflineException {
        new KeyCompaction(log, fromOffset, mostKeys, tombstonesUntil, owner, done).readKeys();
    }

    private void readKeys() throws CorruptLogException, LogOfflineException {
        log.rewrite(new Collector(), 1, owner, report -> {
            nextOffset = full ? nextOffset : report.untilOffset();
            if (report.failure() != null) {
                done.accept(new Result(report, fromOffset));
                return;
            }
            try {
                removeSuperseded();
            } catch (StorageException e) {
                RewriteReport failed =
                        new RewriteReport(report.untilOffset(), report.segments(), report.unreadableBatches(), e);
                done.accept(new Result(failed, fromOffset));
            }
        });
    }

    private void removeSuperseded() throws CorruptLogException, LogOfflineException {
        RecordFilter.LooksInside latest = this::isLatest;
        log.rewrite(
                latest,
                1,
                owner,
                report -> done.accept(new Result(report, report.failure() == null ? nextOffset : fromOffset)));
    }

    private boolean isLatest(RecordCursor record) {
        if (!record.hasKey()) {
            return true;
        }
        // A tombstone that no compaction has taken in yet may be all that hides older records.
        boolean isOldTombstone = !record.hasValue() && record.offset() < Math.min(tombstonesUntil, nextOffset);
        return !isOldTombstone && keys.get(record) <= record.offset();
    }

    /** Keeps everything, and takes in the keys. */
    private final class Collector implements RecordFilter.LooksInside {
        @Override
        public boolean looksInside(long from, long until) {
            return !full && until > fromOffset;
        }

        @Override
        public boolean keeps(RecordCursor record) {
            if (!full && record.offset() >= fromOffset && record.hasKey() && !keys.put(record)) {
                full = true;
                nextOffset = record.offset();
            }
            return true;
        }
    }
}
