package io.headwater.storage;

import java.nio.ByteBuffer;

/**
 * Every view, each in a column family of its own, and the layout of its keys (big endian, so that the order of bytes is
 * the order of non-negative numbers). A view is derived: it can be rebuilt from the partitions' logs at any time.
 */
public enum View {
    /**
     * Committed position of a stream group in a partition.
     *
     * <pre>
     * key    0 i32 group id | 4 i64 partition id
     * value  0 i64 offset   | 8 i64 time of the commit in ms
     * </pre>
     */
    GROUP_POSITIONS(1, "group-positions");

    /**
     * The stamps, in the store's default column family.
     *
     * <pre>
     * key    0 u8 1 | 1 u8 id of the view | 2 i64 partition id
     * value  0 i64 entry index: the view reflects every entry below
     * </pre>
     */
    static final int STAMP_KEY_BYTES = 10;

    private static final byte STAMP = 1;

    private final byte id;
    private final String family;

    View(int id, String family) {
        this.id = (byte) id;
        this.family = family;
    }

    /** Name of the column family: on disk, never reused. */
    public String family() {
        return family;
    }

    byte[] stampKey(long partitionId) {
        return ByteBuffer.allocate(STAMP_KEY_BYTES)
                .put(STAMP)
                .put(id)
                .putLong(partitionId)
                .array();
    }
}
