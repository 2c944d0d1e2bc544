package io.headwater.client;

import org.jspecify.annotations.Nullable;

/**
 * What the loop hands to the user's thread: entries in memory of their own, or a failure.
 *
 * @param epoch of the reader when this was asked for; stale when the reader has moved since
 * @param nextOffset everything before it is in here, was delivered, or was skipped by the filter
 * @param failure what to throw instead of reading; the data is empty then
 */
@SuppressWarnings("ArrayRecordComponent")
record Delivery(
        @Nullable PartitionReader reader,
        int epoch,
        byte[] data,
        long nextOffset,
        @Nullable HeadwaterException failure) {
    private static final byte[] NOTHING = {};

    static Delivery failed(@Nullable PartitionReader reader, HeadwaterException failure) {
        return new Delivery(reader, reader == null ? 0 : reader.epoch, NOTHING, -1, failure);
    }

    static Delivery nothingUntil(PartitionReader reader, long nextOffset) {
        return new Delivery(reader, reader.epoch, NOTHING, nextOffset, null);
    }

    /** The failure to tell in place of what is left of this. */
    Delivery failing(HeadwaterException why) {
        return new Delivery(reader, epoch, NOTHING, nextOffset, why);
    }

    boolean isStale() {
        return reader != null && (reader.epoch != epoch || reader.revoked || reader.failedEpoch == epoch);
    }
}
