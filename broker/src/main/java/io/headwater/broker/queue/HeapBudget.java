package io.headwater.broker.queue;

import java.util.concurrent.atomic.AtomicLong;

/** The heap that the queue and keyed groups of a broker may take together. For the owners of all partitions. */
public final class HeapBudget {
    private final long maxBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    public HeapBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    public long maxBytes() {
        return maxBytes;
    }

    /** By all groups; roughly, and as of their last turns. */
    public long usedBytes() {
        return usedBytes.get();
    }

    boolean admits(long moreBytes) {
        return moreBytes <= maxBytes - usedBytes.get();
    }

    void changed(long byBytes) {
        usedBytes.addAndGet(byBytes);
    }
}
