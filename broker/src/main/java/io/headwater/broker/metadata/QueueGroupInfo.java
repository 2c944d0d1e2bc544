package io.headwater.broker.metadata;

import io.headwater.broker.queue.QueuePolicy;
import java.util.concurrent.TimeUnit;

/**
 * A queue or keyed group of a topic. Its state lives in the logs of the topic's partitions, under the id.
 *
 * @param id unique for ever, never reused, and never that of a stream group
 * @param leaseMs of a lease for which its consumer asks nothing else
 */
public record QueueGroupInfo(int id, String name, QueuePolicy policy, long leaseMs, long createdMs) {
    /** The bounds of a lease. */
    public static final long MIN_LEASE_MS = TimeUnit.SECONDS.toMillis(1);

    public static final long MAX_LEASE_MS = TimeUnit.HOURS.toMillis(12);

    public static final long DEFAULT_LEASE_MS = TimeUnit.SECONDS.toMillis(30);

    public QueueGroupInfo {
        if (leaseMs < MIN_LEASE_MS || leaseMs > MAX_LEASE_MS) {
            throw new IllegalArgumentException(
                    "leaseMs: " + leaseMs + " (expected: " + MIN_LEASE_MS + " to " + MAX_LEASE_MS + ")");
        }
    }

    QueueGroupInfo with(QueuePolicy newPolicy, long newLeaseMs) {
        return new QueueGroupInfo(id, name, newPolicy, newLeaseMs, createdMs);
    }
}
