package io.headwater.broker.partition;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The stream groups' positions in one partition. Each has two values: what the log's entries say, and the part of that
 * which is durable; only the latter is ever shown. Derived from the log: every appended or replayed operation is {@link
 * #apply applied}.
 */
final class PositionTable {
    /** One group's place. */
    static final class Place {
        final int groupId;
        long offset = -1;
        long committedMs;
        long durableOffset = -1;
        long durableMs;
        boolean forgotten;
        final DelayHistogram processing = new DelayHistogram();

        Place(int groupId) {
            this.groupId = groupId;
        }
    }

    private final Int2ObjectHashMap<Place> places = new Int2ObjectHashMap<>();

    /** An operation is in the log. Returns the position after it. */
    long apply(GroupOp op) {
        Place place = placeOf(op.groupId());
        switch (op.kind()) {
            case COMMIT -> {
                // A commit never goes back: of two that crossed each other, the further one stands.
                place.offset = Math.max(place.offset, op.offset());
                place.committedMs = op.timeMs();
                place.forgotten = false;
            }
            case SEEK -> {
                place.offset = op.offset();
                place.committedMs = op.timeMs();
                place.forgotten = false;
            }
            case FORGET -> {
                place.offset = -1;
                place.committedMs = op.timeMs();
                place.forgotten = true;
            }
        }
        return place.offset;
    }

    /** What an operation led to is durable now. */
    void durable(int groupId, long offset, long timeMs) {
        Place place = places.get(groupId);
        if (place == null) {
            return;
        }
        place.durableOffset = offset;
        place.durableMs = timeMs;
        if (place.forgotten && offset < 0) {
            places.remove(groupId);
        }
    }

    /** After a replay: all of it was on the disk. */
    void allDurable() {
        places.values().removeIf(place -> place.offset < 0);
        for (Place place : places.values()) {
            place.durableOffset = place.offset;
            place.durableMs = place.committedMs;
        }
    }

    Place placeOf(int groupId) {
        return places.computeIfAbsent(groupId, Place::new);
    }

    @Nullable
    Place place(int groupId) {
        return places.get(groupId);
    }

    long durableOffset(int groupId) {
        Place place = places.get(groupId);
        return place == null ? -1 : place.durableOffset;
    }

    Iterable<Place> all() {
        return places.values();
    }

    /** Those that have a position, by group; for the checkpoint. */
    List<Place> kept() {
        List<Place> kept = new ArrayList<>(places.values());
        kept.removeIf(place -> place.offset < 0);
        kept.sort(Comparator.comparingInt(place -> place.groupId));
        return kept;
    }

    int size() {
        return places.size();
    }

    void clear() {
        places.clear();
    }
}
