package io.headwater.broker.metadata;

/**
 * That what was not on one replica, or not in one voter's log of the metadata, was given up: by a person, or because all voters
 * had lost power and nobody could say what they had acknowledged last. For the record.
 *
 * @param index of the command in the metadata log
 * @param atMs by the clock of the broker that was asked
 * @param epoch in which the replica leads since
 */
public record Recovery(
        long index, long atMs, long partitionId, int epoch, Replica replica, String operator, String reason) {
    /** The operator, where it was nobody. */
    public static final String NOBODY = "nobody";

    /** No partition's id: what was given up are commands about the metadata. */
    public static final long OF_METADATA = 0;
}
