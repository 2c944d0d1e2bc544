package io.headwater.broker.queue;

/** What becomes of a dead record. */
enum Burial {
    /** Kept where it is; what follows with the same key goes on. */
    PARKED(1),
    /** Kept where it is, and all that follows with the same key waits. */
    HOLDS_KEY(2),
    /** To be copied to the dead-letter topic, then removed. */
    MOVING(3);

    private static final Burial[] BY_ID = values();

    /** In the log; never reused. */
    final byte id;

    Burial(int id) {
        this.id = (byte) id;
    }

    static Burial of(long id) {
        if (id < 1 || id > BY_ID.length) {
            throw new QueueFormatException("burial: " + id + " (expected: 1 to " + BY_ID.length + ")");
        }
        return BY_ID[(int) id - 1];
    }
}
