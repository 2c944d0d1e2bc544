package io.headwater.benchmarks.load;

import java.util.BitSet;

/** Which records, by number, were acknowledged, and what should not have happened to them. Thread-safe. */
final class WorkLedger {
    private final BitSet acknowledged = new BitSet();
    /** By key, the highest number that was delivered, plus one. */
    private final int[] delivered;

    private long acknowledgements;
    private long redelivered;
    private long twice;
    private long outOfOrder;

    /** @param keys 0: no order is expected */
    WorkLedger(int keys) {
        this.delivered = new int[keys];
    }

    synchronized void delivered(int number, boolean again) {
        redelivered += again ? 1 : 0;
        if (delivered.length > 0) {
            int key = number % delivered.length;
            // The same again is a redelivery; one behind it means that two of a key were under way.
            outOfOrder += number + 1 < delivered[key] ? 1 : 0;
            delivered[key] = Math.max(delivered[key], number + 1);
        }
    }

    synchronized void acknowledged(int number) {
        acknowledgements++;
        twice += acknowledged.get(number) ? 1 : 0;
        acknowledged.set(number);
    }

    /** Different ones. */
    synchronized long acknowledged() {
        return acknowledgements - twice;
    }

    synchronized long redelivered() {
        return redelivered;
    }

    synchronized long twice() {
        return twice;
    }

    synchronized long outOfOrder() {
        return outOfOrder;
    }
}
