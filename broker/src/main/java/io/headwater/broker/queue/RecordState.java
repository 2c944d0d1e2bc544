package io.headwater.broker.queue;

/** What a record is for a group. */
public enum RecordState {
    /** May be granted. */
    READY(1),
    /** Not before a time: scheduled by its producer, or sent back with a delay. */
    WAITING(2),
    /** One consumer works on it. */
    LEASED(3),
    /** Given up and kept: browsable, can be redriven or purged. */
    DEAD(4),
    /** A copy is on its way to another topic: to the dead-letter topic what was given up, or where an operator sends it. */
    MOVING(5),
    /** Acknowledged, purged or moved away. */
    DONE(6),
    /** Not in the log yet. */
    UNCOMMITTED(7);

    private static final RecordState[] BY_ID = values();

    /** In snapshots; never reused. */
    final byte id;

    RecordState(int id) {
        this.id = (byte) id;
    }

    static RecordState of(int id) {
        if (id < 1 || id > BY_ID.length) {
            throw new QueueFormatException("state of a record: " + id + " (expected: 1 to " + BY_ID.length + ")");
        }
        return BY_ID[id - 1];
    }
}
