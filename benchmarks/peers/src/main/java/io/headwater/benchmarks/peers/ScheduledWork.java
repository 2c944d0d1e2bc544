package io.headwater.benchmarks.peers;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Records that are to be delivered later, and how late they come, while others come and go at once.
 *
 * @param server host:port of ours
 * @param topic of both parts
 * @param records to be delivered later
 * @param spread over how long they are due
 * @param loadPerSecond records to be delivered at once, meanwhile
 */
record ScheduledWork(String server, String topic, long records, Duration spread, int loadPerSecond) {
    static final String GROUP = "scheduled";
    private static final int CONSUMERS = 4;
    private static final int VALUE_BYTES = 256;
    private static final long LONGEST_NS = 600_000_000_000L;
    private static final long PATIENCE_NS = 30_000_000_000L;

    private HeadwaterClient connected() {
        return HeadwaterClient.builder().server(server).name("scheduled work").build();
    }

    /** The first part: publishes them, the first due after {@code lead}. Returns the seconds that takes. */
    double publish(Duration lead, InstantSource clock, LongSupplier nanoTime) {
        long startNs = nanoTime.getAsLong();
        try (HeadwaterClient client = connected();
                Producer producer = client.producer().build()) {
            client.admin().createTopic(topic, TopicSettings.defaults().withPartitions(1));
            client.queueAdmin().create(topic, GROUP, QueueGroupConfig.queue());
            long firstMs = clock.millis() + lead.toMillis();
            for (long n = 0; n < records; n++) {
                // In no order, as alarms are: neighbours in the log are due far from one another.
                long dueMs = firstMs + Math.floorMod(n * 7_919, records) * spread.toMillis() / records;
                byte[] value = new byte[VALUE_BYTES];
                ByteBuffer.wrap(value).putLong(dueMs);
                var unused = producer.send(ProducerRecord.of(topic, value).withDeliverAt(Instant.ofEpochMilli(dueMs)));
            }
            producer.flush();
        }
        return (nanoTime.getAsLong() - startNs) / 1e9;
    }

    /** How many of them wait, as the broker says. */
    long waiting() {
        try (HeadwaterClient client = connected()) {
            return client.queueAdmin()
                    .describe(topic, GROUP)
                    .partitions()
                    .get(0)
                    .waiting();
        }
    }

    /** The second part: receives them all. */
    Map<String, Double> receive(InstantSource clock, LongSupplier nanoTime) {
        return new Receiving(clock, nanoTime).run();
    }

    private final class Receiving {
        private final InstantSource clock;
        private final LongSupplier nanoTime;
        private final Histogram lateNs = new ConcurrentHistogram(1_000, LONGEST_NS, 3);
        private final AtomicLong received = new AtomicLong();
        private volatile boolean over;

        Receiving(InstantSource clock, LongSupplier nanoTime) {
            this.clock = clock;
            this.nanoTime = nanoTime;
        }

        Map<String, Double> run() {
            List<CompletableFuture<Void>> consumers = new ArrayList<>();
            for (int i = 0; i < CONSUMERS; i++) {
                consumers.add(
                        CompletableFuture.runAsync(this::work, task -> new Thread(task, "scheduled-work").start()));
            }
            long sent = 0;
            try (HeadwaterClient client = connected();
                    Producer producer = client.producer().build()) {
                long startNs = nanoTime.getAsLong();
                long seen = 0;
                long seenNs = startNs;
                while (received.get() < records) {
                    long now = nanoTime.getAsLong();
                    if (received.get() != seen) {
                        seen = received.get();
                        seenNs = now;
                    } else if (now - seenNs > spread.toNanos() + PATIENCE_NS) {
                        throw new IllegalStateException(seen + " of " + records + " scheduled records came");
                    }
                    for (; sent * 1e9 / loadPerSecond < now - startNs; sent++) {
                        var unused = producer.send(ProducerRecord.of(topic, new byte[VALUE_BYTES]));
                    }
                    LockSupport.parkNanos(1_000_000);
                }
            } finally {
                over = true;
                consumers.forEach(CompletableFuture::join);
            }
            return Map.of(
                    "scheduled.lateP50Ms", lateNs.getValueAtPercentile(50) / 1e6,
                    "scheduled.lateP99Ms", lateNs.getValueAtPercentile(99) / 1e6,
                    "scheduled.lateMaxMs", lateNs.getMaxValue() / 1e6,
                    "scheduled.loadRecords", (double) sent);
        }

        private void work() {
            try (HeadwaterClient own = connected();
                    QueueConsumer consumer =
                            own.queueConsumer().topic(topic).group(GROUP).build()) {
                while (!over) {
                    for (QueueRecord record : consumer.receive(Integer.MAX_VALUE, Duration.ofMillis(100))) {
                        long dueMs = ByteBuffer.wrap(Objects.requireNonNull(record.value(), "value"))
                                .getLong();
                        if (dueMs > 0) {
                            Instant now = clock.instant();
                            long late = Duration.between(Instant.ofEpochMilli(dueMs), now)
                                    .toNanos();
                            if (late < 0) {
                                throw new IllegalStateException("a record came " + -late + " ns before it was due");
                            }
                            lateNs.recordValue(Math.min(LONGEST_NS, late));
                            received.incrementAndGet();
                        }
                        var unused = consumer.ack(record);
                    }
                }
            }
        }
    }
}
