package io.headwater.client;

import java.time.Duration;
import java.util.function.Function;

/** Collects a queue consumer's settings; the record checks them. */
final class QueueConsumerBuilder implements QueueConsumer.Builder {
    private final Function<QueueConsumerSettings, QueueConsumer> factory;
    private String topic = "";
    private String group = "";
    private String name = "";
    private int prefetchRecords = 500;
    private int prefetchBytes = 8 * 1024 * 1024;
    private int recordsPerKey = 16;
    private long leaseMs;
    private boolean detachedLeases;
    private int concurrency = 1;
    private long drainNs = Duration.ofSeconds(30).toNanos();

    QueueConsumerBuilder(Function<QueueConsumerSettings, QueueConsumer> factory) {
        this.factory = factory;
    }

    @Override
    public QueueConsumer.Builder topic(String topicName) {
        topic = topicName;
        return this;
    }

    @Override
    public QueueConsumer.Builder group(String groupName) {
        group = groupName;
        return this;
    }

    @Override
    public QueueConsumer.Builder name(String consumerName) {
        name = consumerName;
        return this;
    }

    @Override
    public QueueConsumer.Builder prefetch(int records) {
        prefetchRecords = records;
        return this;
    }

    @Override
    public QueueConsumer.Builder prefetchBytes(int bytes) {
        prefetchBytes = bytes;
        return this;
    }

    @Override
    public QueueConsumer.Builder recordsPerKey(int records) {
        recordsPerKey = records;
        return this;
    }

    @Override
    public QueueConsumer.Builder lease(Duration lease) {
        leaseMs = lease.toMillis();
        return this;
    }

    @Override
    public QueueConsumer.Builder detachedLeases() {
        detachedLeases = true;
        return this;
    }

    @Override
    public QueueConsumer.Builder concurrency(int handlers) {
        concurrency = handlers;
        return this;
    }

    @Override
    public QueueConsumer.Builder drain(Duration limit) {
        drainNs = limit.toNanos();
        return this;
    }

    @Override
    public QueueConsumer build() {
        return factory.apply(new QueueConsumerSettings(
                topic,
                group,
                name,
                prefetchRecords,
                prefetchBytes,
                recordsPerKey,
                leaseMs,
                detachedLeases,
                concurrency,
                drainNs));
    }
}
