package io.headwater.broker.partition;

import io.headwater.broker.queue.QueueEngine;
import io.headwater.record.RecordFilter;
import java.util.Collection;
import org.agrona.collections.LongArrayList;

/**
 * Which records some queue group was not done with at one moment: those that stay when the space of the others is wanted
 * back. Immutable.
 */
final class NeededRecords implements RecordFilter {
    /** Where there are more runs than these, the rest is kept: 16 MiB. */
    private static final int MOST_RUNS = 1 << 20;

    private final long[] froms;
    private final long[] untils;
    private final long madeMs;
    private final long endIndex;

    private NeededRecords(long[] froms, long[] untils, long madeMs, long endIndex) {
        this.froms = froms;
        this.untils = untils;
        this.madeMs = madeMs;
        this.endIndex = endIndex;
    }

    /** @param endIndex of the log: what the groups are done with is durable when all entries below are */
    static NeededRecords of(
            Collection<QueueEngine> engines, long startOffset, long endOffset, long nowMs, long endIndex) {
        LongArrayList froms = new LongArrayList();
        LongArrayList untils = new LongArrayList();
        long from = nextNeeded(engines, startOffset);
        while (from < endOffset && froms.size() < MOST_RUNS) {
            long until = nextDoneByAll(engines, from);
            froms.addLong(from);
            untils.addLong(until);
            from = until == Long.MAX_VALUE ? endOffset : nextNeeded(engines, until);
        }
        if (from < endOffset) {
            froms.addLong(from);
            untils.addLong(Long.MAX_VALUE);
        } else if (untils.isEmpty() || untils.getLong(untils.size() - 1) < endOffset) {
            // What came later.
            froms.addLong(endOffset);
            untils.addLong(Long.MAX_VALUE);
        }
        return new NeededRecords(froms.toLongArray(), untils.toLongArray(), nowMs, endIndex);
    }

    private static long nextNeeded(Collection<QueueEngine> engines, long from) {
        long next = Long.MAX_VALUE;
        for (QueueEngine engine : engines) {
            next = Math.min(next, engine.nextNotDone(from));
        }
        return next;
    }

    private static long nextDoneByAll(Collection<QueueEngine> engines, long from) {
        long at = from;
        while (true) {
            long latest = at;
            for (QueueEngine engine : engines) {
                latest = Math.max(latest, engine.nextDone(at));
            }
            if (latest == at || latest == Long.MAX_VALUE) {
                return latest;
            }
            at = latest;
        }
    }

    /** The groups were done with the others so long ago, durably. */
    boolean isRipe(long nowMs, long graceMs, long durableIndex) {
        return nowMs - madeMs >= graceMs && durableIndex >= endIndex;
    }

    @Override
    public boolean keeps(long offset) {
        int run = runAtOrAfter(offset);
        return run < froms.length && froms[run] <= offset;
    }

    @Override
    public long kept(long fromOffset, long untilOffset) {
        long kept = 0;
        for (int run = runAtOrAfter(fromOffset); run < froms.length && froms[run] < untilOffset; run++) {
            kept += Math.min(untils[run], untilOffset) - Math.max(froms[run], fromOffset);
        }
        return kept;
    }

    /** The first run that ends behind an offset. */
    private int runAtOrAfter(long offset) {
        int low = 0;
        int high = untils.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (untils[middle] <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
