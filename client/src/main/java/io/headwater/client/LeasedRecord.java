package io.headwater.client;

import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A record of a queue group, as one consumer has it. */
final class LeasedRecord extends BatchRecord<LeasedRecord.Source> implements QueueRecord {

    /**
     * What the records of one batch share.
     *
     * @param arrivedMs by the wall clock
     * @param arrivedNs the same moment by the loop's clock
     */
    record Source(
            QueueSubscription subscription,
            long ingestionTimeMs,
            ByteBuffer buffer,
            long arrivedMs,
            long arrivedNs,
            long leaseNs)
            implements BatchRecord.Source {
        @Override
        public String topic() {
            return subscription.topic;
        }

        @Override
        public int partition() {
            return subscription.partition;
        }
    }

    private final int deliveries;
    private final int failures;
    private final String lastFailure;
    private volatile long leaseUntilNs;
    private volatile boolean stale;

    /** Of the delivery that brought it, so that they add up. Set before anybody else sees it. */
    int bytes;
    /** By the wall clock; written before the user has it. */
    long processingStartMs;
    /** The loop has asked for more time, and not heard yet. */
    boolean extending;

    /** It was granted behind an earlier one of its key, and is the broker's again if that one is. Set as the bytes. */
    boolean follows;

    // Of the subscription's lines of keys; guarded by the holdings.
    boolean isFirstOfKey;

    @Nullable
    LeasedRecord behind;

    /** It was acknowledged, and this one was granted behind it; null: none was. */
    @Nullable
    LeasedRecord successor;

    /** Of the first of a key: the last one behind it; null: there is none. */
    @Nullable
    LeasedRecord lastOfKey;

    // Of the subscription's held records; the loop's.
    boolean held;

    @Nullable
    LeasedRecord heldBefore;

    @Nullable
    LeasedRecord heldAfter;

    /** Reads what the cursor stands on. */
    LeasedRecord(Source source, RecordCursor cursor, int deliveries, int failures, String lastFailure) {
        super(source, cursor);
        this.deliveries = deliveries;
        this.failures = failures;
        this.lastFailure = lastFailure;
        this.leaseUntilNs = source.arrivedNs + source.leaseNs;
    }

    QueueSubscription subscription() {
        return source.subscription();
    }

    long leaseNs() {
        return source.leaseNs();
    }

    long leaseUntilNs() {
        return leaseUntilNs;
    }

    void extendedUntil(long ns) {
        leaseUntilNs = ns;
    }

    /** The broker has said that the lease is not valid any more. */
    boolean isStale() {
        return stale;
    }

    void becomeStale() {
        stale = true;
    }

    @Override
    public int deliveries() {
        return deliveries;
    }

    @Override
    public int failures() {
        return failures;
    }

    @Override
    public String lastFailure() {
        return lastFailure;
    }

    LeaseToken lease() {
        QueueSubscription at = source.subscription();
        return new LeaseToken(at.partitionId, at.groupId, offset(), deliveries);
    }

    @Override
    public String token() {
        return lease().text();
    }

    @Override
    public long leaseUntilMs() {
        return source.arrivedMs() + (leaseUntilNs - source.arrivedNs()) / 1_000_000;
    }
}
