package io.headwater.client;

/** Where a record of a queue or keyed group stands. */
public enum RecordState {
    /** The next consumer with credit gets it, as far as the order of its key allows. */
    READY,
    /** Not before a time: scheduled by its producer, or sent back with a delay. */
    WAITING,
    /** A consumer works on it. */
    LEASED,
    /** Failed too often, or rejected: kept, and not delivered until it is redriven. */
    DEAD,
    /** On the way to another topic: dead, to the dead-letter topic, or moved by an operator. */
    MOVING,
    /** Acknowledged, purged or moved away. */
    DONE,
    /** There is no such record yet. */
    UNCOMMITTED
}
