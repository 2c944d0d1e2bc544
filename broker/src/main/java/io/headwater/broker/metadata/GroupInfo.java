package io.headwater.broker.metadata;

/**
 * A stream group. Its positions live in the logs of the partitions that it reads, keyed by the id.
 *
 * @param id unique for ever, never reused: positions of a deleted group can never become those of a new one
 */
public record GroupInfo(int id, String name, long createdMs) {}
