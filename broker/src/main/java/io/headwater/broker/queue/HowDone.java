package io.headwater.broker.queue;

/** How a group came to be done with a record. */
public enum HowDone {
    ACKNOWLEDGED,
    /** Purged or cancelled, or there was no record to deliver. */
    REMOVED,
    /** To another topic: its copy is there. */
    MOVED,
    /** Too long ago: what was not acknowledged is kept back to some offset only. */
    FORGOTTEN
}
