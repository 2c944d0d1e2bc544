package io.headwater.broker.shard;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Which partitions' queues take a turn by themselves, and when: leases run out, waiting records are due. */
final class Alarms {
    private record Alarm(long atMs, Owned owned) {}

    private final PriorityQueue<Alarm> queue = new PriorityQueue<>(Comparator.comparingLong(Alarm::atMs));

    /** In place of what was set for it before; the largest long: never. */
    void set(Owned owned, long atMs) {
        if (atMs < owned.turnAtMs) {
            queue.add(new Alarm(atMs, owned));
        }
        // A later one waits until the earlier has gone off in vain.
        owned.turnAtMs = Math.min(owned.turnAtMs, atMs);
    }

    /** The next whose time has come; null: nobody's has. */
    @Nullable
    Owned due(long nowMs) {
        for (Alarm next = queue.peek(); next != null && next.atMs() <= nowMs; next = queue.peek()) {
            queue.poll();
            if (next.owned().turnAtMs == next.atMs()) {
                next.owned().turnAtMs = Long.MAX_VALUE;
                return next.owned();
            }
        }
        return null;
    }

    /** The largest long: nothing is set. */
    long nextMs() {
        Alarm next = queue.peek();
        return next == null ? Long.MAX_VALUE : next.atMs();
    }
}
