package io.headwater.broker.metadata;

/**
 * That a person gave up what was not on one replica. For the record.
 *
 * @param index of the command in the metadata log
 * @param atMs by the clock of the broker that was asked
 * @param epoch in which the replica leads since
 */
public record Recovery(
        long index, long atMs, long partitionId, int epoch, Replica replica, String operator, String reason) {}
