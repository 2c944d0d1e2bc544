package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.load.LoadTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A Kafka broker through its own Java client, with that client's defaults but for what a load asks for. */
final class KafkaTarget implements LoadTarget {
    private final String server;
    private final Admin admin;

    private KafkaTarget(String server) {
        this.server = server;
        this.admin = Admin.create(Map.of("bootstrap.servers", server));
    }

    static KafkaTarget connect(String server) {
        return new KafkaTarget(server);
    }

    @Override
    public int ensureTopic(String topic, int partitions) {
        if (answer(admin.listTopics().names()).contains(topic)) {
            return partitions(topic);
        }
        answer(admin.createTopics(Set.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
                .all());
        return partitions;
    }

    @Override
    public int partitions(String topic) {
        TopicDescription description =
                answer(admin.describeTopics(Set.of(topic)).allTopicNames()).get(topic);
        return Objects.requireNonNull(description, topic).partitions().size();
    }

    @Override
    public void deleteTopic(String topic) {
        answer(admin.deleteTopics(Set.of(topic)).all());
    }

    @Override
    public Sink openSink(String topic, SinkSettings settings, Outcomes outcomes) {
        var producer = new KafkaProducer<>(
                producerConfig(server, settings), new ByteArraySerializer(), new ByteArraySerializer());
        return new ProducerSink(producer, topic, outcomes);
    }

    static Map<String, Object> producerConfig(String server, SinkSettings settings) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", server);
        config.put("acks", "all");
        if (settings.batchBytes() > 0) {
            config.put("batch.size", settings.batchBytes());
        }
        if (!settings.linger().isNegative()) {
            config.put("linger.ms", settings.linger().toMillis());
        }
        config.put("compression.type", settings.compression().name().toLowerCase(Locale.ROOT));
        return config;
    }

    @Override
    public Source openSource(String topic, int partitions, From from) {
        Map<String, Object> config = Map.of("bootstrap.servers", server, "enable.auto.commit", "false");
        KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> all = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
            all.add(new TopicPartition(topic, p));
        }
        consumer.assign(all);
        if (from == From.BEGINNING) {
            consumer.seekToBeginning(all);
        } else {
            consumer.seekToEnd(all);
        }
        return new ConsumerSource(consumer);
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(5));
    }

    static <T> T answer(Future<T> asked) {
        try {
            return asked.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("Kafka: " + e.getCause(), e.getCause());
        }
    }

    private static final class ProducerSink implements Sink {
        private final KafkaProducer<byte[], byte[]> producer;
        private final String topic;
        private final Outcomes outcomes;
        /** One for all untimed records: no object per record of ours. */
        private final Callback untimed;

        ProducerSink(KafkaProducer<byte[], byte[]> producer, String topic, Outcomes outcomes) {
            this.producer = producer;
            this.topic = topic;
            this.outcomes = outcomes;
            this.untimed = (metadata, failure) -> {
                if (failure != null) {
                    outcomes.failed(failure);
                }
            };
        }

        @Override
        public void send(int partition, byte[] value, long dueNs) {
            Callback told = dueNs == UNTIMED
                    ? untimed
                    : (metadata, failure) -> {
                        if (failure == null) {
                            outcomes.acknowledged(dueNs);
                        } else {
                            outcomes.failed(failure);
                        }
                    };
            Future<RecordMetadata> unused = producer.send(new ProducerRecord<>(topic, partition, null, value), told);
        }

        @Override
        public void flush() {
            producer.flush();
        }

        @Override
        public void close() {
            producer.close();
        }
    }

    private static final class ConsumerSource implements Source {
        private final KafkaConsumer<byte[], byte[]> consumer;

        ConsumerSource(KafkaConsumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public List<byte[]> poll(Duration timeout) {
            var records = consumer.poll(timeout);
            List<byte[]> values = new ArrayList<>(records.count());
            for (ConsumerRecord<byte[], byte[]> record : records) {
                values.add(record.value());
            }
            return values;
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
