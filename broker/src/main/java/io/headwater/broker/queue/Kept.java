package io.headwater.broker.queue;

/** Why a dead record is kept in place although it was to be moved to the dead-letter topic. */
public enum Kept {
    /** It is not: it never was to be moved, or is on its way. */
    NOT(0),
    /** Its topic has no dead-letter topic any more. */
    NO_TOPIC(1),
    /** Its copy, which has more headers, would be larger than a record may be. */
    TOO_LARGE(2),
    /** Its bytes are no record that can be read. */
    UNREADABLE(3);

    private static final Kept[] BY_ID = values();

    /** In the log; never reused. */
    final byte id;

    Kept(int id) {
        this.id = (byte) id;
    }

    static Kept of(long id) {
        if (id < 0 || id >= BY_ID.length) {
            throw new QueueFormatException("kept: " + id + " (expected: 0 to " + (BY_ID.length - 1) + ")");
        }
        return BY_ID[(int) id];
    }
}
