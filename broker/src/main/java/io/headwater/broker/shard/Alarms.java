package io.headwater.broker.shard;

import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which partitions' queues take a turn by themselves, and when: leases run out, waiting records are due. */
final class Alarms {
    private static final long NEVER = Long.MAX_VALUE;

    private final TreeSet<Owned> set = new TreeSet<>(Comparator.<Owned>comparingLong(owned -> owned.turnAtMs)
            .thenComparingLong(owned -> owned.partition.info().partitionId()));

    /** In place of what was set for it before; the largest long: never. */
    void set(Owned owned, long atMs) {
        if (owned.turnAtMs != NEVER) {
            set.remove(owned);
        }
        owned.turnAtMs = atMs;
        if (atMs != NEVER) {
            set.add(owned);
        }
    }

    /** The next whose time has come; null: nobody's has. */
    @Nullable
    Owned due(long nowMs) {
        if (nextMs() > nowMs) {
            return null;
        }
        Owned first = set.first();
        set(first, NEVER);
        return first;
    }

    /** The largest long: nothing is set. */
    long nextMs() {
        return set.isEmpty() ? NEVER : set.first().turnAtMs;
    }
}
