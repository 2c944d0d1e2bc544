package io.headwater.broker.queue;

/** What the holder of a lease may do with it. */
public enum Verb {
    /** Done: never delivered again. */
    ACK(1),
    /** Not my fault: back at once or after a delay, no failure counted. */
    RELEASE(2),
    /** A failure: counted, back after the backoff or the given delay, dead at the limit. */
    FAIL(3),
    /** Dead now. */
    REJECT(4),
    /** More time: the lease runs from now on for the given time. */
    EXTEND(5);

    /** In snapshots; never reused. */
    final byte id;

    Verb(int id) {
        this.id = (byte) id;
    }
}
