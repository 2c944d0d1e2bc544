package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.OffsetOutOfRangeException;
import io.headwater.storage.StorageException;

/** What a failure of the storage means to a client. */
public final class PartitionErrors {
    /** How long a producer should wait for somebody to make room. */
    private static final int DISK_FULL_RETRY_MS = 1000;

    private static final int QUEUES_FULL_RETRY_MS = 200;
    private static final int TOO_MANY_IDS_RETRY_MS = 1_000;
    private static final int READING_IDS_RETRY_MS = 20;
    private static final int REWRITING_RETRY_MS = 500;

    private PartitionErrors() {}

    public static Error unknownPartition(long partitionId) {
        return Errors.of(
                ErrorCode.ERROR_UNKNOWN_PARTITION,
                "partition " + partitionId + ": no topic has it; ask for the topics");
    }

    /** This broker has not heard of it: it will soon, or never. */
    public static Error unknownYet(long partitionId) {
        return Errors.elsewhere(
                ErrorCode.ERROR_NOT_LEADER,
                "partition " + partitionId + ": this broker does not know all of the cluster's metadata yet; try again",
                0,
                "");
    }

    /** The leader that it was told to be may have been deposed: who asks on finds out who leads. */
    public static Error notConfirmed(PartitionInfo partition, long waitedMs) {
        return Errors.elsewhere(
                ErrorCode.ERROR_NOT_LEADER,
                "partition " + partition.displayName() + ": where it ends is not sure: too few of its voters have"
                        + " confirmed within " + waitedMs
                        + " ms that they still follow this broker; try again, or ask for"
                        + " the end that it believes in (local)",
                0,
                "");
    }

    /** Definite: what was asked for has not happened. */
    public static Error of(PartitionInfo partition, StorageException failure) {
        String message = "partition " + partition.displayName() + ": " + failure.getMessage();
        if (failure instanceof NotLeaderException leader) {
            return Errors.elsewhere(ErrorCode.ERROR_NOT_LEADER, message, leader.nodeId(), leader.endpoint());
        }
        if (failure instanceof DiskFullException) {
            return Errors.retryAfter(ErrorCode.ERROR_DISK_FULL, message, DISK_FULL_RETRY_MS);
        }
        if (failure instanceof OffsetOutOfRangeException range) {
            return Errors.outOfRange(message, range.startOffset(), range.endOffset());
        }
        ErrorCode lost = failure instanceof CorruptLogException
                ? ErrorCode.ERROR_CORRUPT_LOG
                : ErrorCode.ERROR_PARTITION_OFFLINE;
        return copyLost(partition, lost, message).build();
    }

    /** Another broker leads, or will: what was appended here may or may not be what it goes on with. */
    public static Error leadsNoLonger(PartitionInfo partition, NotLeaderException now) {
        return of(partition, now).toBuilder().setUnknownOutcome(true).build();
    }

    /** The topic's limit of records that are not done. */
    static Error limit(PartitionInfo partition, TopicPolicy.Limits limits, int records, long room) {
        String message = "partition " + partition.displayName() + ": room for " + Math.max(0, room) + " of " + records
                + " records (the topic's limit is " + limits.maxRecords() + " that are not done)";
        return full(message, limits.rejectsOverflow() || records > limits.maxRecords());
    }

    /** The topic's limit of bytes that are not done. */
    static Error limitOfBytes(PartitionInfo partition, TopicPolicy.Limits limits, long bytes, long room) {
        String message = "partition " + partition.displayName() + ": room for " + Math.max(0, room) + " of " + bytes
                + " bytes (the topic's limit is " + limits.maxBytes() + " that are not done)";
        return full(message, limits.rejectsOverflow() || bytes > limits.maxBytes());
    }

    private static Error full(String message, boolean isRefused) {
        return isRefused
                ? Errors.of(ErrorCode.ERROR_QUEUE_FULL, message)
                : Errors.retryAfter(ErrorCode.ERROR_OVERLOADED, message, QUEUES_FULL_RETRY_MS);
    }

    /** Ids are never forgotten before their time. */
    static Error tooManyIds(PartitionInfo partition, TopicPolicy.Dedup dedup, int ids) {
        String message = "partition " + partition.displayName() + ": no room for " + ids
                + " message ids: the topic keeps " + dedup.maxIds()
                + " within its deduplication window (dedup_max_ids, --dedup-max-ids)";
        return ids > dedup.maxIds()
                ? Errors.of(ErrorCode.ERROR_QUEUE_FULL, message)
                : Errors.retryAfter(
                        ErrorCode.ERROR_OVERLOADED,
                        message + "; it comes when the oldest are too old",
                        TOO_MANY_IDS_RETRY_MS);
    }

    /** Nothing is stored of which the id could not be known. */
    static Error noHeapForIds(PartitionInfo partition, int ids) {
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.displayName() + ": no memory for " + ids
                        + " message ids: queues and deduplication windows hold as much as they may (queues.memory);"
                        + " it comes when ids are too old or consumers catch up",
                TOO_MANY_IDS_RETRY_MS);
    }

    /** A batch that some duplicates were taken from, packed less tightly than its producer could. */
    static Error growsTooLarge(PartitionInfo partition, int bytes, int most) {
        return Errors.of(
                ErrorCode.ERROR_RECORD_TOO_LARGE,
                "partition " + partition.displayName() + ": without its duplicates the batch takes " + bytes
                        + " bytes (expected: at most " + most + "); send smaller batches");
    }

    /** After a start the ids of the window are read from the log. */
    static Error readingIds(PartitionInfo partition) {
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.displayName()
                        + ": the message ids of the deduplication window are being read from the log",
                READING_IDS_RETRY_MS);
    }

    /** After a start, or a change of its groups, it is not known yet how many bytes are left. */
    static Error counting(PartitionInfo partition) {
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.displayName() + ": the bytes that are not done are being counted",
                QUEUES_FULL_RETRY_MS);
    }

    /** A queue group hands out records one by one: all of them must be there. */
    static Error unreadable(PartitionInfo partition) {
        return Errors.of(
                ErrorCode.ERROR_CORRUPT_BATCH,
                "partition " + partition.displayName() + ": the batch's compressed records cannot be read");
    }

    /** One at a time. */
    static Error rewriting(PartitionInfo partition) {
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.displayName() + ": its segments are being rewritten",
                REWRITING_RETRY_MS);
    }

    /** A queue group of the partition has no heap left for more that has an order or waits. */
    public static Error queuesFull(PartitionInfo partition) {
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.displayName()
                        + ": queue groups hold as much as their memory allows (queues.memory); consumers have to catch up",
                QUEUES_FULL_RETRY_MS);
    }

    /** A keyed group has no room for the keys of what follows, or has just got some. */
    public static Error notTold(PartitionInfo partition, long from) {
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.displayName() + ": the group does not know its records from offset " + from
                        + " on yet: queue groups hold as much as their memory allows (queues.memory); consumers have to"
                        + " catch up, or it has to be raised",
                QUEUES_FULL_RETRY_MS);
    }

    /** It was appended, and nobody can say whether the disk has it. */
    public static Error fateUnknown(PartitionInfo partition, String reason) {
        String message = "partition " + partition.displayName() + ": " + reason;
        return copyLost(partition, ErrorCode.ERROR_PARTITION_OFFLINE, message)
                .setUnknownOutcome(true)
                .build();
    }

    /** Where there are other copies, one of them will lead: whoever asks goes on there. */
    private static Error.Builder copyLost(PartitionInfo partition, ErrorCode alone, String message) {
        return partition.replicas().isOneCopy()
                ? Errors.builder(alone, message)
                : Errors.builder(ErrorCode.ERROR_NOT_LEADER, message + "; another broker is to lead it");
    }

    public static Error outOfRange(PartitionInfo partition, long offset, long start, long end) {
        return Errors.outOfRange(
                "partition " + partition.displayName() + ": offset " + offset + " (expected: " + start + " to " + end
                        + ")",
                start,
                end);
    }

    /** Its topic was deleted while the operation was on its way; what it appended is gone in any case. */
    public static Error deleted(PartitionInfo partition) {
        return Errors.of(
                ErrorCode.ERROR_UNKNOWN_PARTITION, "partition " + partition.displayName() + ": its topic was deleted");
    }

    static Error outOfOrder(PartitionInfo partition, int sequence) {
        // Definite, and right again as soon as the producer has sent what is missing in front of it.
        return Errors.builder(
                        ErrorCode.ERROR_OUT_OF_ORDER_SEQUENCE,
                        "partition " + partition.displayName() + ": sequence " + sequence
                                + " (expected: the one after the last that was appended)")
                .setRetriable(true)
                .build();
    }

    static Error unknownProducer(PartitionInfo partition, long producerId, int sequence) {
        return Errors.unknownOutcome(
                ErrorCode.ERROR_UNKNOWN_PRODUCER,
                "partition " + partition.displayName() + ": sequence " + sequence + " of producer " + producerId
                        + " is not remembered (expected: one of the last " + ProducerWindow.CAPACITY
                        + " batches, by one of the last " + ProducerTable.MAX_PRODUCERS + " producers)");
    }

    public static Error producerNotGiven(PartitionInfo partition, long producerId) {
        return Errors.of(
                ErrorCode.ERROR_INVALID_REQUEST,
                "partition " + partition.displayName() + ": producer id " + producerId
                        + " (expected: one that INIT_PRODUCER gave)");
    }

    static Error fenced(PartitionInfo partition, long producerId) {
        return Errors.of(
                ErrorCode.ERROR_PRODUCER_FENCED,
                "partition " + partition.displayName() + ": producer " + producerId + " has a newer epoch");
    }
}
