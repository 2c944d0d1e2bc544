package io.headwater.broker.partition;

/**
 * The producer that moves records of one group in one partition to other topics: its id, and its batches' numbers. It has one
 * batch under way at a time, so that of each such producer a partition has to remember only the last batch. Numbers rise
 * and may leave gaps, which are batches for other partitions.
 */
public final class InternalProducer {
    private static final int GROUP_BITS = 31;
    private static final int SEQUENCE_BITS = 31;

    private InternalProducer() {}

    /** Below {@link io.headwater.record.BatchLayout#NO_PRODUCER}: no client ever has such an id. */
    public static long idOf(long partitionId, int groupId) {
        return ~(partitionId << GROUP_BITS | groupId);
    }

    /** Whether only the broker itself may write under this id. */
    public static boolean isInternal(long producerId) {
        return producerId < -1;
    }

    /** Together with {@link #sequenceOf}, where a batch has its number. */
    public static short epochOf(long number) {
        return (short) (number >>> SEQUENCE_BITS & Short.MAX_VALUE);
    }

    public static int sequenceOf(long number) {
        return (int) (number & Integer.MAX_VALUE);
    }

    static long number(short epoch, int sequence) {
        return (long) epoch << SEQUENCE_BITS | sequence;
    }
}
