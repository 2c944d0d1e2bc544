package io.headwater.broker.queue;

/** What a death means for the records that follow. */
public enum OnDead {
    /** They go on. */
    SKIP,
    /** Those with the same key wait until the dead one is redriven, purged or moved. In a keyed group only. */
    HOLD_KEY,
    /** The group pauses until it is resumed. */
    STOP
}
