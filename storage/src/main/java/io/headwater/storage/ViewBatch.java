package io.headwater.storage;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes of views and the stamps that go with them, applied together. Not thread-safe. */
public final class ViewBatch {
    private final List<Change> changes = new ArrayList<>();
    private final List<Stamp> stamps = new ArrayList<>();

    /** Sets a key. Takes both arrays; the value must not be empty. */
    public ViewBatch put(View view, byte[] key, byte[] value) {
        if (value.length == 0) {
            throw new IllegalArgumentException("value: empty (expected: at least one byte)");
        }
        changes.add(new Change(view, key, value));
        return this;
    }

    /** Removes a key, present or not. Takes the array. */
    public ViewBatch remove(View view, byte[] key) {
        changes.add(new Change(view, key, null));
        return this;
    }

    /** With this batch the view reflects all entries of the partition below {@code entryIndex}. */
    public ViewBatch stamp(View view, long partitionId, long entryIndex) {
        stamps.add(new Stamp(view, partitionId, entryIndex));
        return this;
    }

    public boolean isEmpty() {
        return changes.isEmpty() && stamps.isEmpty();
    }

    List<Change> changes() {
        return changes;
    }

    List<Stamp> stamps() {
        return stamps;
    }

    /** A key to set, or without a value a key to remove. */
    static final class Change {
        final View view;
        final byte[] key;
        final byte @Nullable [] value;

        private Change(View view, byte[] key, byte @Nullable [] value) {
            this.view = view;
            this.key = key;
            this.value = value;
        }
    }

    record Stamp(View view, long partitionId, long entryIndex) {}
}
