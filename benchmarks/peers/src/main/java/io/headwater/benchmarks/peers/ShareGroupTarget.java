package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import io.headwater.benchmarks.load.LoadTarget.SinkSettings;
import io.headwater.benchmarks.load.QueueTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * A share group of Kafka through its own Java client, acknowledged record by record (explicitly). Acknowledgements
 * travel with the next fetch, as that client does it by itself, or at once where there is nothing more to wait for.
 */
final class ShareGroupTarget implements QueueTarget {
    private static final Duration LEFT_PATIENCE = Duration.ofSeconds(10);

    private final String server;
    private final Admin admin;
    private final KafkaTarget topics;

    private final SinkSettings settings;

    private ShareGroupTarget(String server, SinkSettings settings) {
        this.server = server;
        this.settings = settings;
        this.admin = Admin.create(Map.of("bootstrap.servers", server));
        this.topics = KafkaTarget.connect(server);
    }

    /** @param settings of its producers */
    static ShareGroupTarget connect(String server, SinkSettings settings) {
        return new ShareGroupTarget(server, settings);
    }

    private static String group(String topic) {
        return topic + "-workers";
    }

    /** A new group for each topic; what earlier runs left lies in other topics. */
    @Override
    public int ensureQueue(String topic, boolean keyed, int partitions) {
        if (keyed) {
            throw new IllegalArgumentException("Kafka: share groups keep no order per key");
        }
        int actual = topics.ensureTopic(topic, partitions);
        var fromTheBeginning =
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
        KafkaTarget.answer(admin.incrementalAlterConfigs(
                        Map.of(new ConfigResource(ConfigResource.Type.GROUP, group(topic)), Set.of(fromTheBeginning)))
                .all());
        return actual;
    }

    @Override
    public WorkSink openSink(String topic, Outcomes outcomes) {
        var producer = new KafkaProducer<>(
                KafkaTarget.producerConfig(server, settings), new ByteArraySerializer(), new ByteArraySerializer());
        return new WorkSink() {
            @Override
            public void send(byte @Nullable [] key, byte[] value) {
                var unused = producer.send(new ProducerRecord<>(topic, key, value), (metadata, failure) -> {
                    if (failure != null) {
                        outcomes.failed(failure);
                    }
                });
            }

            @Override
            public void flush() {
                producer.flush();
            }

            @Override
            public void close() {
                producer.close();
            }
        };
    }

    @Override
    public WorkSource openSource(String topic, boolean keyed, BiConsumer<Delivery, @Nullable Throwable> onSettled) {
        return new ShareSource(server, topic, onSettled);
    }

    /** Its coordinator takes a moment to say so. */
    @Override
    public long left(String topic, boolean keyed) {
        long left = Long.MAX_VALUE;
        for (int look = 0; left > 0 && look < LEFT_PATIENCE.toMillis() / 100; look++) {
            LockSupport.parkNanos(100_000_000L);
            left = lag(topic);
        }
        return left;
    }

    private long lag(String topic) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int p = 0; p < topics.partitions(topic); p++) {
            partitions.add(new TopicPartition(topic, p));
        }
        return KafkaTarget.answer(admin.listShareGroupOffsets(
                                Map.of(group(topic), new ListShareGroupOffsetsSpec().topicPartitions(partitions)))
                        .partitionsToOffsetInfo(group(topic)))
                .values()
                .stream()
                .mapToLong(offset -> offset.lag().orElse(0L))
                .sum();
    }

    @Override
    public void close() {
        topics.close();
        admin.close(Duration.ofSeconds(5));
    }

    private static final class ShareSource implements WorkSource {
        private final KafkaShareConsumer<byte[], byte[]> consumer;
        private final BiConsumer<Delivery, @Nullable Throwable> onSettled;
        /** What was acknowledged and not confirmed yet, by partition and offset. */
        private final Map<Integer, Map<Long, Delivery>> unconfirmed = new HashMap<>();

        ShareSource(String server, String topic, BiConsumer<Delivery, @Nullable Throwable> onSettled) {
            Map<String, Object> config = Map.of(
                    "bootstrap.servers", server, "group.id", group(topic), "share.acknowledgement.mode", "explicit");
            this.consumer = new KafkaShareConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            this.onSettled = onSettled;
            consumer.setAcknowledgementCommitCallback(this::confirmed);
            consumer.subscribe(Set.of(topic));
        }

        private void confirmed(Map<TopicIdPartition, Set<Long>> offsets, @Nullable Exception failure) {
            offsets.forEach((partition, each) -> {
                Map<Long, Delivery> waiting = unconfirmed.getOrDefault(partition.partition(), Map.of());
                for (long offset : each) {
                    Delivery delivery = waiting.remove(offset);
                    if (delivery != null) {
                        onSettled.accept(delivery, failure);
                    }
                }
            });
        }

        @Override
        public List<Delivery> receive(Duration timeout) {
            // A poll that finds records on the client returns without sending anything: so it is said before.
            consumer.commitAsync();
            List<Delivery> deliveries = new ArrayList<>();
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
                deliveries.add(
                        new Delivery(record.value(), record.deliveryCount().orElse((short) 1) > 1, record));
            }
            return deliveries;
        }

        @Override
        @SuppressWarnings("unchecked")
        public void acknowledge(Delivery delivery) {
            var record = (ConsumerRecord<byte[], byte[]>) delivery.handle();
            consumer.acknowledge(record, AcknowledgeType.ACCEPT);
            unconfirmed
                    .computeIfAbsent(record.partition(), partition -> new HashMap<>())
                    .put(record.offset(), delivery);
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
