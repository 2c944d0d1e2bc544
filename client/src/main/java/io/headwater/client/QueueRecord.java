package io.headwater.client;

/** A record of a queue or keyed group, with a lease. Thread-safe; safe to keep, as any {@link ConsumedRecord} is. */
public interface QueueRecord extends ConsumedRecord {
    /** How often it was delivered, this time included: 1 is the first time. */
    int deliveries();

    /** How many of those deliveries count as failures. */
    int failures();

    /** What was said when it failed the last time, at most 256 bytes of it; empty: nothing, or it never failed. */
    String lastFailure();

    /**
     * Names the lease in opaque text of letters, digits, {@code -} and {@code _}, enough by itself for
     * {@link HeadwaterClient#settle}.
     */
    String token();

    /** When the lease ends, as extended so far, about: epoch milliseconds of this machine's clock. */
    long leaseUntilMs();
}
