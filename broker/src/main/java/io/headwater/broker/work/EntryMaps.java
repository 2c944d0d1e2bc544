package io.headwater.broker.work;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.HeapBudget.Use;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The maps of the entries of which single records were wanted last, by their first offsets. Where there is no memory for
 * another one, the oldest go.
 */
final class EntryMaps {
    /** Of one partition: some two million records. */
    private static final int MOST_BYTES = 16 << 20;

    private static final long NONE = -1;

    private final HeapBudget memory;
    private final Long2ObjectHashMap<EntryMap> maps = new Long2ObjectHashMap<>();
    /** Of those that are gone, too. */
    private final LongArrayQueue order = new LongArrayQueue(NONE);

    private int bytes;

    EntryMaps(HeapBudget memory) {
        this.memory = memory;
    }

    @Nullable
    EntryMap of(long base) {
        return maps.get(base);
    }

    void put(long base, EntryMap map) {
        if (maps.containsKey(base) || map.bytes() > MOST_BYTES / 2) {
            return;
        }
        while (bytes + map.bytes() > MOST_BYTES || !memory.reserve(Use.PLACES, map.bytes())) {
            if (order.isEmpty()) {
                return;
            }
            remove(order.pollLong());
        }
        bytes += map.bytes();
        maps.put(base, map);
        order.addLong(base);
    }

    void remove(long base) {
        EntryMap map = maps.remove(base);
        if (map != null) {
            bytes -= map.bytes();
            memory.changed(Use.PLACES, -map.bytes());
        }
    }

    void clear() {
        while (!order.isEmpty()) {
            remove(order.pollLong());
        }
    }
}
