package io.headwater.broker.queue;

/** What came of a settle. */
public enum Settled {
    /** Done as asked. */
    APPLIED,
    /** It was done before: the same answer again. */
    REPEATED,
    /** The lease is no longer, or never was; nothing has changed. {@link QueueEngine#stateOf} says what the record is. */
    STALE
}
