package io.headwater.cli.queue;

import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.StreamConsumer;
import io.headwater.client.StreamConsumer.TopicPartition;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads single records of a partition, as any stream does. One thread. */
final class RecordLookup implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(500);

    /** What lies closer is read through. */
    private static final long SEEK_BEYOND = 1_000;

    private final StreamConsumer consumer;
    private final String topic;
    private final int partition;
    private final Deque<ConsumedRecord> read = new ArrayDeque<>();
    private long position;

    /** For records between two offsets, the second of them inclusive. Borrows the client. */
    RecordLookup(HeadwaterClient client, String topic, int partition, long first, long last) {
        this.topic = topic;
        this.partition = partition;
        this.position = first;
        this.consumer = client.streamConsumer()
                .partitions(new TopicPartition(topic, partition))
                .from(Position.offset(first))
                .until(Position.offset(last + 1))
                .onOutOfRange(StreamConsumer.OutOfRange.EARLIEST)
                .build();
    }

    /**
     * The record at an offset. To be asked for in rising order.
     *
     * @return null: it is not in the topic any more
     */
    @Nullable
    ConsumedRecord at(long offset) {
        if (offset - position > SEEK_BEYOND) {
            read.clear();
            consumer.seek(topic, partition, Position.offset(offset));
        }
        position = offset;
        while (true) {
            while (!read.isEmpty() && read.element().offset() < offset) {
                read.remove();
            }
            if (!read.isEmpty()) {
                return read.element().offset() == offset ? read.remove() : null;
            }
            List<ConsumedRecord> more = consumer.poll(POLL);
            if (more.isEmpty()) {
                return null;
            }
            read.addAll(more);
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
