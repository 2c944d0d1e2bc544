package io.headwater.benchmarks.peers;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Many records that nobody has taken yet, in a topic whose records go when they are acknowledged; then they are taken.
 *
 * @param server host:port of ours
 * @param keys 0: a plain queue; else a keyed one, with so many keys
 */
record BacklogWork(String server, String topic, long records, int keys) {
    private static final String GROUP = "backlog";
    private static final int CONSUMERS = 4;
    private static final int VALUE_BYTES = 100;
    private static final long PATIENCE_NS = 20_000_000_000L;

    private HeadwaterClient connected() {
        return HeadwaterClient.builder().server(server).name("backlog").build();
    }

    /** The first part. Returns the heap that the group takes, as the broker says, in bytes. */
    long publish() {
        try (HeadwaterClient client = connected();
                Producer producer = client.producer().build()) {
            client.admin()
                    .createTopic(
                            topic,
                            TopicSettings.defaults()
                                    .withPartitions(1)
                                    .withWork(WorkSettings.defaults().withDeleteOnAck(true)));
            client.queueAdmin()
                    .create(topic, GROUP, keys == 0 ? QueueGroupConfig.queue() : QueueGroupConfig.keyedQueue());
            byte[] value = new byte[VALUE_BYTES];
            for (long n = 0; n < records; n++) {
                byte[] key = keys == 0 ? null : ("key-" + n % keys).getBytes(StandardCharsets.US_ASCII);
                var unused = producer.send(ProducerRecord.of(topic, key, value));
            }
            producer.flush();
            return client.queueAdmin()
                    .describe(topic, GROUP)
                    .partitions()
                    .get(0)
                    .heapBytes();
        }
    }

    /** The second part. */
    Map<String, Double> drain(LongSupplier nanoTime) {
        AtomicLong taken = new AtomicLong();
        AtomicLong done = new AtomicLong();
        List<CompletableFuture<Void>> consumers = new ArrayList<>();
        long startNs = nanoTime.getAsLong();
        for (int i = 0; i < CONSUMERS; i++) {
            consumers.add(CompletableFuture.runAsync(
                    () -> {
                        try (HeadwaterClient own = connected();
                                QueueConsumer consumer = own.queueConsumer()
                                        .topic(topic)
                                        .group(GROUP)
                                        .build()) {
                            while (done.get() < records) {
                                for (QueueRecord record : consumer.receive(Integer.MAX_VALUE, Duration.ofMillis(50))) {
                                    taken.incrementAndGet();
                                    var unused = consumer.ack(record).thenRun(done::incrementAndGet);
                                }
                            }
                        }
                    },
                    task -> new Thread(task, "backlog").start()));
        }
        long seen = 0;
        long seenNs = startNs;
        while (done.get() < records) {
            long now = nanoTime.getAsLong();
            if (done.get() != seen) {
                seen = done.get();
                seenNs = now;
            } else if (now - seenNs > PATIENCE_NS) {
                throw new IllegalStateException(seen + " of " + records + " records came and were acknowledged");
            }
            LockSupport.parkNanos(10_000_000);
        }
        double seconds = (nanoTime.getAsLong() - startNs) / 1e9;
        consumers.forEach(CompletableFuture::join);
        return Map.of("backlog.drainedPerSecond", records / seconds, "backlog.taken", (double) taken.get());
    }
}
