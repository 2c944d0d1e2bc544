package io.headwater.record;

import org.jspecify.annotations.Nullable;

/** What an entry of a partition's log carries. The id is the envelope's kind byte; ids are never reused. */
public enum EntryKind {
    /** A record batch. The only kind that readers see. */
    DATA(1),
    /** The first entry of a leader epoch. */
    EPOCH_START(2),
    /** The last entry of a segment; replicas roll at it. */
    ROLL(3),
    /** Operations of consumer groups: committed positions. */
    GROUP_OPS(4),
    /** The partition's derived state (producer windows, positions) in full: the first entry of a segment, so that any
     * suffix of the segments is enough to rebuild it. */
    CHECKPOINT(5),
    /** Operations of queue and keyed groups on records: grants, settles, schedules. */
    QUEUE_OPS(6),
    /** A change of voters is under way: when this is committed, it is so under the old voters and the new ones. */
    CONFIG_MARK(7),
    /** What other copies had behind the entry before was given up by hand: acknowledged records may be missing here. */
    LOSS_MARKER(8);

    private static final EntryKind[] BY_ID = values();

    private final byte id;

    EntryKind(int id) {
        this.id = (byte) id;
    }

    public byte id() {
        return id;
    }

    /** Null where this version knows no such kind. */
    public static @Nullable EntryKind of(int id) {
        return id >= 1 && id <= BY_ID.length ? BY_ID[id - 1] : null;
    }
}
