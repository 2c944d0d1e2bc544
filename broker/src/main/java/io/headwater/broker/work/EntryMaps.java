package io.headwater.broker.work;

import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongArrayQueue;
import org.jspecify.annotations.Nullable;

/** The maps of the entries of which single records were wanted last, by their first offsets. */
final class EntryMaps {
    /** Of all maps, 16 MiB. */
    private static final int MOST_RECORDS = 2 << 20;

    private final Long2ObjectHashMap<EntryMap> maps = new Long2ObjectHashMap<>();
    private final LongArrayQueue order = new LongArrayQueue(-1);
    private int records;

    @Nullable
    EntryMap of(long base) {
        return maps.get(base);
    }

    void put(long base, EntryMap map) {
        if (maps.containsKey(base)) {
            return;
        }
        while (records + map.recordCount() > MOST_RECORDS && !maps.isEmpty()) {
            remove(order.removeLong());
        }
        maps.put(base, map);
        order.addLong(base);
        records += map.recordCount();
    }

    void remove(long base) {
        EntryMap map = maps.remove(base);
        records -= map == null ? 0 : map.recordCount();
    }

    void clear() {
        maps.clear();
        order.clear();
        records = 0;
    }
}
