package io.headwater.storage;

/**
 * Every view, each in a column family of its own, and the layout of its keys (big endian, so that byte order is
 * numeric order). A view is derived: it can be rebuilt from the partitions' logs at any time.
 */
public enum View {
    /**
     * Committed position of a stream group in a partition.
     *
     * <pre>
     * key    0 i32 groupId | 4 i64 partitionId
     * value  0 i64 offset  | 8 i64 commitTimeMs
     * </pre>
     */
    GROUP_POSITIONS("group-positions");

    private final String family;

    View(String family) {
        this.family = family;
    }

    /** Name of the column family: on disk, never reused. */
    public String family() {
        return family;
    }
}
