package io.headwater.broker.work;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.HeapBudget.Use;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The maps of the entries of which single records were wanted last, or will be soon, by their first offsets. */
final class EntryMaps {
    /** Of one partition: some two million records. */
    private static final int MOST_BYTES = 16 << 20;

    private final HeapBudget memory;
    private final TreeMap<Long, EntryMap> maps = new TreeMap<>();
    /** As they came. */
    private final Set<Long> order = new LinkedHashSet<>();

    private int bytes;

    EntryMaps(HeapBudget memory) {
        this.memory = memory;
    }

    /** Of the entry that has its first record there. */
    @Nullable
    EntryMap of(long base) {
        return maps.get(base);
    }

    /** Of the entry with a record. */
    @Nullable
    EntryMap holding(long offset) {
        Map.Entry<Long, EntryMap> before = maps.floorEntry(offset);
        return before == null || offset >= before.getValue().end() ? null : before.getValue();
    }

    /** Where there is no memory for it, the oldest go, unless others hold so much that this would not help. */
    void put(EntryMap map) {
        boolean mayFit = map.bytes() <= MOST_BYTES / 2 && memory.missing(Use.PLACES, map.bytes()) <= bytes;
        if (mayFit) {
            while (!putIfRoom(map) && !order.isEmpty()) {
                remove(order.iterator().next());
            }
        }
    }

    /** False: there is no memory for it. */
    boolean putIfRoom(EntryMap map) {
        if (maps.containsKey(map.base())) {
            return true;
        }
        if (bytes + map.bytes() > MOST_BYTES || !memory.reserve(Use.PLACES, map.bytes())) {
            return false;
        }
        bytes += map.bytes();
        maps.put(map.base(), map);
        order.add(map.base());
        return true;
    }

    void remove(long base) {
        EntryMap map = maps.remove(base);
        if (map != null) {
            order.remove(base);
            bytes -= map.bytes();
            memory.changed(Use.PLACES, -map.bytes());
        }
    }

    void removeIf(Predicate<EntryMap> isUseless) {
        for (EntryMap map : List.copyOf(maps.values())) {
            if (isUseless.test(map)) {
                remove(map.base());
            }
        }
    }

    void clear() {
        removeIf(map -> true);
    }
}
