package io.headwater.broker.queue;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a dead record.
 *
 * @param atMs epoch ms; 0: not known
 * @param cause of the attempt that was its last; null: not known
 * @param reason of its last failure, as whoever let it fail put it; empty: none was given
 * @param kept why it is not moved to the dead-letter topic
 */
public record Death(
        int deliveries,
        int failures,
        int priority,
        long atMs,
        @Nullable Cause cause,
        String reason,
        Kept kept) {}
