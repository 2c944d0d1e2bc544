package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import io.headwater.client.RecordState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Queue and keyed groups of a Headwater broker through its Java client. */
public final class HeadwaterQueueTarget implements QueueTarget {
    private final String server;
    private final int prefetch;
    private final HeadwaterClient client;
    private final HeadwaterTarget topics;

    private HeadwaterQueueTarget(String server, int prefetch) {
        this.server = server;
        this.prefetch = prefetch;
        this.client = connectTo(server);
        this.topics = HeadwaterTarget.connect(server);
    }

    public static HeadwaterQueueTarget connect(String server) {
        return connect(server, 0);
    }

    /** @param prefetch how many records a consumer holds ahead of its work; 0: the client's default */
    public static HeadwaterQueueTarget connect(String server, int prefetch) {
        return new HeadwaterQueueTarget(server, prefetch);
    }

    private static HeadwaterClient connectTo(String server) {
        return HeadwaterClient.builder().server(server).name("load driver").build();
    }

    private static String group(boolean keyed) {
        return keyed ? "bench-keyed" : "bench";
    }

    @Override
    public int ensureQueue(String topic, boolean keyed, int partitions) {
        int actual = topics.ensureTopic(topic, partitions);
        QueueAdmin admin = client.queueAdmin();
        try {
            admin.create(topic, group(keyed), keyed ? QueueGroupConfig.keyedQueue() : QueueGroupConfig.queue());
        } catch (HeadwaterException e) {
            if (!e.code().equals("GROUP_EXISTS")) {
                throw e;
            }
        }
        admin.purge(topic, group(keyed), Range.all(), Set.of(RecordState.READY, RecordState.WAITING, RecordState.DEAD));
        return actual;
    }

    @Override
    public WorkSink openSink(String topic, Outcomes outcomes) {
        Producer producer = client.producer().build();
        UntimedSends sends = new UntimedSends(outcomes);
        return new WorkSink() {
            @Override
            public void send(byte @Nullable [] key, byte[] value) {
                sends.add(producer.send(ProducerRecord.of(topic, key, value)));
            }

            @Override
            public void flush() {
                producer.flush();
                sends.checkAll();
            }

            @Override
            public void close() {
                producer.close();
            }
        };
    }

    @Override
    public WorkSource openSource(String topic, boolean keyed, BiConsumer<Delivery, @Nullable Throwable> onSettled) {
        HeadwaterClient own = connectTo(server);
        QueueConsumer.Builder builder = own.queueConsumer().topic(topic).group(group(keyed));
        QueueConsumer consumer =
                prefetch == 0 ? builder.build() : builder.prefetch(prefetch).build();
        return new WorkSource() {
            @Override
            public List<Delivery> receive(Duration timeout) {
                List<QueueRecord> records = consumer.receive(Integer.MAX_VALUE, timeout);
                List<Delivery> deliveries = new ArrayList<>(records.size());
                for (QueueRecord record : records) {
                    deliveries.add(new Delivery(
                            Objects.requireNonNull(record.value(), "value"), record.deliveries() > 1, record));
                }
                return deliveries;
            }

            @Override
            public void acknowledge(Delivery delivery) {
                CompletableFuture<?> unused = consumer.ack((QueueRecord) delivery.handle())
                        .whenComplete((done, failure) -> onSettled.accept(delivery, failure));
            }

            @Override
            public void close() {
                own.close();
            }
        };
    }

    @Override
    public long left(String topic, boolean keyed) {
        return client.queueAdmin().describe(topic, group(keyed)).partitions().stream()
                .mapToLong(partition -> partition.ready() + partition.waiting() + partition.leased() + partition.dead())
                .sum();
    }

    @Override
    public void close() {
        topics.close();
        client.close();
    }
}
