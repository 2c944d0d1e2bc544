package io.headwater.broker.queue;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The heap that the queue and keyed groups of a broker may take together, with what else is kept for queues: message ids
 * of deduplication windows, and the sizes of batches where a topic limits its bytes. For the owners of all partitions.
 *
 * <p>Groups say after each turn what they take, and look before they let more in; what they are told by the log they
 * take. Others reserve what they need before they take it.
 */
public final class HeapBudget {
    /** What heap is taken for. */
    public enum Use {
        /** Records of groups, and their keys. */
        RECORDS,
        /** What consumers said about failures. */
        REASONS,
        /** Which of the records that are done were not acknowledged. */
        HISTORY,
        /** Message ids of deduplication windows. */
        IDS,
        /** Sizes of batches. */
        BATCHES,
        /** Where records are in batches of which they are wanted one by one. */
        PLACES
    }

    /** Different reasons take at most this part: what is said must not stop what is done. */
    private static final int REASONS_SHARE = 8;
    /** As above: what was must not stop what is. */
    private static final int HISTORY_SHARE = 8;
    /** Places can be found again: what they take stays small. */
    private static final int PLACES_SHARE = 4;
    /** What is reserved leaves this part to groups. */
    private static final int GROUPS_SHARE = 4;

    private final long maxBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final Map<Use, AtomicLong> byUse = new EnumMap<>(Use.class);

    public HeapBudget(long maxBytes) {
        this.maxBytes = maxBytes;
        for (Use use : Use.values()) {
            byUse.put(use, new AtomicLong());
        }
    }

    public long maxBytes() {
        return maxBytes;
    }

    /** By all; roughly, and of groups as of their last turns. */
    public long usedBytes() {
        return usedBytes.get();
    }

    /** As above. */
    public long usedBytes(Use use) {
        return counter(use).get();
    }

    private AtomicLong counter(Use use) {
        return Objects.requireNonNull(byUse.get(use));
    }

    /**
     * Takes heap before it is needed.
     *
     * @return false: there is none left, and none was taken
     */
    public boolean reserve(Use use, long bytes) {
        if (missing(use, bytes) > 0) {
            return false;
        }
        long used;
        do {
            used = usedBytes.get();
            if (used + bytes > maxBytes) {
                return false;
            }
        } while (!usedBytes.compareAndSet(used, used + bytes));
        counter(use).addAndGet(bytes);
        return true;
    }

    /** How much of a use has to be given back before so much can be reserved for it; above 0, or there is room. */
    public long missing(Use use, long bytes) {
        long reserved = usedBytes(Use.IDS) + usedBytes(Use.BATCHES) + usedBytes(Use.PLACES);
        long missing =
                Math.max(usedBytes() + bytes - maxBytes, reserved + bytes - (maxBytes - maxBytes / GROUPS_SHARE));
        return use == Use.PLACES ? Math.max(missing, usedBytes(use) + bytes - maxBytes / PLACES_SHARE) : missing;
    }

    /** So much more is taken, or less: given back. */
    public void changed(Use use, long byBytes) {
        usedBytes.addAndGet(byBytes);
        counter(use).addAndGet(byBytes);
    }

    boolean admits(long moreBytes) {
        return moreBytes <= maxBytes - usedBytes.get();
    }

    /** Whether there is room for so much more of what consumers say. */
    boolean admitsReasons(long moreBytes) {
        return moreBytes == 0 || usedBytes(Use.REASONS) + moreBytes <= maxBytes / REASONS_SHARE;
    }

    /** Whether there is room for so much more of what groups know about how records came to be done. */
    boolean admitsHistory(long moreBytes) {
        return moreBytes <= 0 || usedBytes(Use.HISTORY) + moreBytes <= maxBytes / HISTORY_SHARE;
    }
}
