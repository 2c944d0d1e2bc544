package io.headwater.broker.replica;

import java.util.Comparator;

/**
 * How far a log goes. One that does not end before another has all of that one's entries that were ever committed: the later
 * last epoch had a leader with all of them, and in the same epoch length decides (R5).
 */
public record LogEnd(int lastEpoch, long endIndex) implements Comparable<LogEnd> {
    private static final Comparator<LogEnd> ORDER =
            Comparator.comparingInt(LogEnd::lastEpoch).thenComparingLong(LogEnd::endIndex);

    @Override
    public int compareTo(LogEnd other) {
        return ORDER.compare(this, other);
    }
}
