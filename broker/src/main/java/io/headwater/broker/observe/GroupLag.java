package io.headwater.broker.observe;

/**
 * How far a group is behind.
 *
 * @param records over all its partitions
 * @param ms of the partition that is furthest behind
 */
public record GroupLag(String group, long records, long ms) {}
