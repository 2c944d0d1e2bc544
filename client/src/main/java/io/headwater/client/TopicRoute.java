package io.headwater.client;

import io.headwater.record.KeyHash;
import java.nio.charset.StandardCharsets;

/** Where records of one topic go. Shared by all threads of a producer; what they race for is only the spread. */
final class TopicRoute {
    private final PartitionQueue[] queues;
    private final int stickyBytes;
    private int sticky;
    private int bytesHere;
    private int idleStartsHere;

    /** Shares the array. */
    TopicRoute(PartitionQueue[] queues, int stickyBytes, int firstSticky) {
        this.queues = queues;
        this.stickyBytes = stickyBytes;
        this.sticky = firstSticky % queues.length;
        this.idleStartsHere = queues[sticky].idleStarts();
    }

    int partitions() {
        return queues.length;
    }

    PartitionQueue queue(int index) {
        return queues[index];
    }

    PartitionQueue choose(ProducerRecord record) {
        if (record.partition() >= 0) {
            if (record.partition() >= queues.length) {
                throw new HeadwaterException.Rejected(
                        "UNKNOWN_PARTITION",
                        "topic " + record.topic() + " has no partition " + record.partition() + " (expected: 0 to "
                                + (queues.length - 1) + ")");
            }
            return queues[record.partition()];
        }
        byte[] key = record.key();
        if (key != null) {
            return queues[KeyHash.partitionFor(key, queues.length)];
        }
        String messageId = record.wish().messageId();
        if (messageId != null) {
            return queues[KeyHash.partitionFor(messageId.getBytes(StandardCharsets.UTF_8), queues.length)];
        }
        return queues.length == 1 ? queues[0] : stick(record);
    }

    /**
     * Stays with one partition for about a batch, so that batches are full, or for two batches that were begun while
     * the partition was idle, so that few records spread too.
     */
    private PartitionQueue stick(ProducerRecord record) {
        byte[] value = record.value();
        bytesHere += value == null ? 1 : value.length + 1;
        if (bytesHere > stickyBytes || queues[sticky].idleStarts() - idleStartsHere > 1) {
            bytesHere = 0;
            int next = sticky + 1;
            sticky = next >= queues.length ? 0 : next;
            idleStartsHere = queues[sticky].idleStarts();
        }
        return queues[sticky];
    }
}
