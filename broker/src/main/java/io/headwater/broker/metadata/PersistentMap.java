package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash map whose versions share what they have in common, so that one more topic among ten thousand costs a
 * few small arrays and not a copy of everything. A hash array mapped trie in its plainest form: 32 slots a node, five
 * bits of the hash a level, full arrays.
 */
final class PersistentMap<V> {
    private static final int BITS = 5;
    private static final int WIDTH = 1 << BITS;
    private static final int LAST_SHIFT = 30;

    private final @Nullable Object @Nullable [] root;
    private final int size;

    private PersistentMap(@Nullable Object @Nullable [] root, int size) {
        this.root = root;
        this.size = size;
    }

    static <V> PersistentMap<V> empty() {
        return new PersistentMap<>(null, 0);
    }

    int size() {
        return size;
    }

    @Nullable
    V get(String key) {
        int hash = spread(key);
        @Nullable Object node = root;
        for (int shift = 0; node instanceof Object[] slots; shift += BITS) {
            node = slots[slot(hash, shift)];
        }
        for (Entry<V> entry = entry(node); entry != null; entry = entry.next) {
            if (entry.key.equals(key)) {
                return entry.value;
            }
        }
        return null;
    }

    PersistentMap<V> with(String key, V value) {
        boolean isNew = get(key) == null;
        @Nullable Object[] top = root == null ? new @Nullable Object[WIDTH] : root;
        return new PersistentMap<>(put(top, 0, spread(key), key, value), isNew ? size + 1 : size);
    }

    PersistentMap<V> without(String key) {
        if (root == null || get(key) == null) {
            return this;
        }
        return new PersistentMap<>(remove(root, 0, spread(key), key), size - 1);
    }

    /** The values in no particular order, as a new list. */
    List<V> values() {
        List<V> all = new ArrayList<>(size);
        if (root != null) {
            visit(root, all::add);
        }
        return all;
    }

    private static int spread(String key) {
        int hash = key.hashCode() * 0x9E3779B9;
        return hash ^ (hash >>> 15);
    }

    private static int slot(int hash, int shift) {
        return (hash >>> shift) & (WIDTH - 1);
    }

    @SuppressWarnings("unchecked")
    private static <V> @Nullable Entry<V> entry(@Nullable Object node) {
        return (Entry<V>) node;
    }

    private static <V> @Nullable Object[] put(@Nullable Object[] node, int shift, int hash, String key, V value) {
        @Nullable Object[] copy = node.clone();
        int slot = slot(hash, shift);
        Object there = node[slot];
        if (there instanceof Object[] child) {
            copy[slot] = put(child, shift + BITS, hash, key, value);
            return copy;
        }
        Entry<V> entry = entry(there);
        if (entry == null || (entry.key.equals(key) && entry.next == null)) {
            copy[slot] = new Entry<>(key, value, null);
        } else if (shift >= LAST_SHIFT) {
            copy[slot] = new Entry<>(key, value, chainWithout(entry, key));
        } else {
            @Nullable Object[] child = new @Nullable Object[WIDTH];
            child[slot(spread(entry.key), shift + BITS)] = entry;
            copy[slot] = put(child, shift + BITS, hash, key, value);
        }
        return copy;
    }

    private static @Nullable Object[] remove(@Nullable Object[] node, int shift, int hash, String key) {
        @Nullable Object[] copy = node.clone();
        int slot = slot(hash, shift);
        Object there = node[slot];
        copy[slot] = there instanceof Object[] child
                ? remove(child, shift + BITS, hash, key)
                : chainWithout(PersistentMap.entry(there), key);
        return copy;
    }

    private static <V> @Nullable Entry<V> chainWithout(@Nullable Entry<V> entry, String key) {
        if (entry == null) {
            return null;
        }
        if (entry.key.equals(key)) {
            return entry.next;
        }
        return new Entry<>(entry.key, entry.value, chainWithout(entry.next, key));
    }

    private void visit(@Nullable Object[] node, Consumer<V> visitor) {
        for (Object there : node) {
            if (there instanceof Object[] child) {
                visit(child, visitor);
            } else {
                for (Entry<V> entry = PersistentMap.<V>entry(there); entry != null; entry = entry.next) {
                    visitor.accept(entry.value);
                }
            }
        }
    }

    /** A leaf; {@code next} only where two keys share all the bits of their hashes. */
    private static final class Entry<V> {
        final String key;
        final V value;
        final @Nullable Entry<V> next;

        Entry(String key, V value, @Nullable Entry<V> next) {
            this.key = key;
            this.value = value;
            this.next = next;
        }
    }
}
