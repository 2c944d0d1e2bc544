package io.headwater.benchmarks.load;

import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import io.headwater.client.StreamConsumer.TopicPartition;
import io.headwater.protocol.wire.Topic;
import io.headwater.record.Compression;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** A Headwater broker through its Java client. */
public final class HeadwaterTarget implements LoadTarget {
    private final HeadwaterClient client;

    private HeadwaterTarget(HeadwaterClient client) {
        this.client = client;
    }

    public static HeadwaterTarget connect(String server) {
        return new HeadwaterTarget(
                HeadwaterClient.builder().server(server).name("load driver").build());
    }

    @Override
    public int ensureTopic(String topic, int partitions) {
        Admin admin = client.admin();
        for (Topic existing : admin.topics()) {
            if (existing.getName().equals(topic)) {
                return existing.getPartitionsCount();
            }
        }
        return admin.createTopic(topic, TopicSettings.defaults().withPartitions(partitions))
                .getPartitionsCount();
    }

    @Override
    public int partitions(String topic) {
        return client.admin().describeTopic(topic).getTopic().getPartitionsCount();
    }

    @Override
    public void deleteTopic(String topic) {
        client.admin().deleteTopic(topic);
    }

    @Override
    public Sink openSink(String topic, SinkSettings settings, Outcomes outcomes) {
        Producer.Builder builder = client.producer();
        if (settings.batchBytes() > 0) {
            builder.batchBytes(settings.batchBytes());
        }
        if (!settings.linger().isNegative()) {
            builder.linger(settings.linger());
        }
        if (settings.compression() != Compression.NONE) {
            builder.compression(settings.compression());
        }
        return new ProducerSink(builder.build(), topic, outcomes);
    }

    @Override
    public Source openSource(String topic, int partitions, From from) {
        TopicPartition[] all = new TopicPartition[partitions];
        for (int p = 0; p < partitions; p++) {
            all[p] = new TopicPartition(topic, p);
        }
        Position start = from == From.BEGINNING ? Position.beginning() : Position.end();
        return new ConsumerSource(
                client.streamConsumer().partitions(all).from(start).build());
    }

    @Override
    public void close() {
        client.close();
    }

    private static final class ProducerSink implements Sink {
        private final Producer producer;
        private final String topic;
        private final Outcomes outcomes;
        private final UntimedSends untimed;

        ProducerSink(Producer producer, String topic, Outcomes outcomes) {
            this.producer = producer;
            this.topic = topic;
            this.outcomes = outcomes;
            this.untimed = new UntimedSends(outcomes);
        }

        @Override
        public void send(int partition, byte[] value, long dueNs) {
            CompletableFuture<?> sent = producer.send(new ProducerRecord(topic, partition, null, value, List.of(), -1));
            if (dueNs == UNTIMED) {
                untimed.add(sent);
                return;
            }
            CompletableFuture<?> unused = sent.whenComplete((acknowledged, failure) -> {
                if (failure == null) {
                    outcomes.acknowledged(dueNs);
                } else {
                    outcomes.failed(failure);
                }
            });
        }

        @Override
        public void flush() {
            producer.flush();
            untimed.checkAll();
        }

        @Override
        public void close() {
            producer.close();
        }
    }

    private static final class ConsumerSource implements Source {
        private final StreamConsumer consumer;

        ConsumerSource(StreamConsumer consumer) {
            this.consumer = consumer;
        }

        @Override
        public List<byte[]> poll(Duration timeout) {
            List<ConsumedRecord> records = consumer.poll(timeout);
            List<byte[]> values = new ArrayList<>(records.size());
            for (ConsumedRecord record : records) {
                values.add(Objects.requireNonNull(record.value(), "value"));
            }
            return values;
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
