package io.headwater.record;

/** How the records of a batch are compressed; the id is the low three bits of the batch's attributes. */
public enum Compression {
    NONE(0),
    GZIP(1),
    SNAPPY(2),
    LZ4(3),
    ZSTD(4);

    private static final Compression[] BY_ID = values();

    private final int id;

    Compression(int id) {
        this.id = id;
    }

    public int id() {
        return id;
    }

    public static Compression of(int id) throws InvalidBatchException {
        if (id < 0 || id >= BY_ID.length) {
            throw new InvalidBatchException("compression: " + id + " (expected: 0 to " + (BY_ID.length - 1) + ")");
        }
        return BY_ID[id];
    }
}
