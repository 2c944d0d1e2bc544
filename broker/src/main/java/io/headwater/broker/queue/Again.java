package io.headwater.broker.queue;

/**
 * A record that is done and shall be delivered again.
 *
 * @param keyHash of a keyed group; else ignored
 * @param priority as its producer wants it
 * @param dueMs not before this wall time; 0: at once
 */
public record Again(long offset, long keyHash, int priority, long dueMs) {}
