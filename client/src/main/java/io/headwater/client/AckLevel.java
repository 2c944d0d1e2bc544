package io.headwater.client;

/** What an acknowledgement means. */
public enum AckLevel {
    /** Synced to disk. */
    PERSISTED,
    /** In the broker's memory: a crash may lose it. */
    MEMORY
}
