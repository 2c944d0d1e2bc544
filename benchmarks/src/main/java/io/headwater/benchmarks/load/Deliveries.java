package io.headwater.benchmarks.load;

import java.util.BitSet;

/**
 * Which records, by number, were acknowledged and which were delivered: one that was acknowledged and does not arrive is
 * lost, and that is told apart from one that could not be sent. Thread-safe.
 */
final class Deliveries {
    private final BitSet acknowledged = new BitSet();
    private final BitSet delivered = new BitSet();

    synchronized void acknowledged(int number) {
        acknowledged.set(number);
    }

    synchronized void delivered(int number) {
        delivered.set(number);
    }

    /** How many were acknowledged and not delivered, so far. */
    synchronized long missing() {
        BitSet missing = (BitSet) acknowledged.clone();
        missing.andNot(delivered);
        return missing.cardinality();
    }
}
