package io.headwater.benchmarks.peers;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Work in order per key, with keys that are not equally frequent (zipf). Disturbed, one key in a thousand takes a hundred
 * times as long as the others, and each record of some keys, together one record in a hundred, always fails. Timed is what
 * the healthy keys see of that: from when a record was due until a consumer has it.
 *
 * @param server host:port of ours
 * @param topic a new one
 * @param keys how many there are
 * @param outstanding so many other keys have a record each that waits for an hour meanwhile
 * @param rate records per second; 0: as fast as they are taken
 * @param warmup so many records come first, and are not timed
 */
record KeyedWork(
        String server,
        String topic,
        int keys,
        int outstanding,
        double rate,
        long warmup,
        long records,
        boolean disturbed) {
    private static final String GROUP = "keyed";
    private static final int CONSUMERS = 4;
    private static final int VALUE_BYTES = 1024;
    private static final long PROCESSING_NS = 200_000;
    private static final long SLOW_FACTOR = 100;
    private static final long POLL_NS = 1_000_000;
    private static final long PATIENCE_NS = 60_000_000_000L;
    /** The hottest keys are healthy: slow ones would have more work than one after the other can be done. */
    private static final int FIRST_SICK = 100;

    /** What becomes of a record, by its key. */
    private enum Kind {
        HEALTHY,
        SLOW,
        FAILING
    }

    Map<String, Double> run(LongSupplier nanoTime) {
        try (HeadwaterClient client = connected()) {
            client.admin().createTopic(topic, TopicSettings.defaults().withPartitions(1));
            client.queueAdmin().create(topic, GROUP, QueueGroupConfig.keyedQueue());
            fill(client);
            Map<String, Double> figures = new Run(nanoTime).run(client);
            client.admin().deleteTopic(topic);
            return figures;
        }
    }

    private HeadwaterClient connected() {
        return HeadwaterClient.builder().server(server).name("keyed work").build();
    }

    private void fill(HeadwaterClient client) {
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < outstanding; i++) {
                var unused = producer.send(
                        ProducerRecord.of(topic, key("other-", i), new byte[16]).withDelay(Duration.ofHours(1)));
            }
            producer.flush();
        }
    }

    private static byte[] key(String prefix, int number) {
        return (prefix + number).getBytes(StandardCharsets.US_ASCII);
    }

    /** The same in an undisturbed run, where they differ in nothing. */
    private static Kind kindOf(int rank) {
        if (rank < FIRST_SICK) {
            return Kind.HEALTHY;
        }
        // Each thousandth key, and each hundredth: about so much of the records, as no hot one is among them.
        return rank % 1_000 == 500 ? Kind.SLOW : rank % 100 == 50 ? Kind.FAILING : Kind.HEALTHY;
    }

    private final class Run {
        private final LongSupplier nanoTime;
        private final Histogram delivered = new ConcurrentHistogram(1_000, PATIENCE_NS * 10, 3);
        private final AtomicLong healthyDone = new AtomicLong();
        private volatile long lastDoneNs;
        private volatile boolean over;

        Run(LongSupplier nanoTime) {
            this.nanoTime = nanoTime;
        }

        Map<String, Double> run(HeadwaterClient client) {
            List<CompletableFuture<Void>> consumers = new ArrayList<>();
            for (int i = 0; i < CONSUMERS; i++) {
                consumers.add(CompletableFuture.runAsync(this::work, task -> new Thread(task, "keyed-work").start()));
            }
            long healthy;
            long timedFromNs;
            long healthyBefore;
            try (Producer producer = client.producer().build()) {
                Zipf zipf = new Zipf(keys);
                long warmNs = nanoTime.getAsLong();
                healthyBefore = send(producer, zipf, warmup, warmNs, false);
                timedFromNs = rate == 0 ? nanoTime.getAsLong() : warmNs + (long) (warmup * 1e9 / rate);
                healthy = send(producer, zipf, records, timedFromNs, true);
                producer.flush();
                await(healthyBefore + healthy);
            } finally {
                over = true;
                consumers.forEach(CompletableFuture::join);
            }
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("keyed.healthyPerSecond", healthy * 1e9 / (lastDoneNs - timedFromNs));
            figures.put("keyed.recordsPerSecond", records * 1e9 / (lastDoneNs - timedFromNs));
            figures.put("keyed.p50Us", delivered.getValueAtPercentile(50) / 1e3);
            figures.put("keyed.p99Us", delivered.getValueAtPercentile(99) / 1e3);
            figures.put("keyed.sickPercent", 100.0 * (records - healthy) / records);
            return figures;
        }

        /** Returns how many of them were healthy ones. */
        private long send(Producer producer, Zipf zipf, long count, long startNs, boolean timed) {
            long healthy = 0;
            for (long n = 0; n < count; n++) {
                int rank = zipf.next();
                long due = rate == 0 ? nanoTime.getAsLong() : startNs + (long) (n * 1e9 / rate);
                for (long left = due - nanoTime.getAsLong(); left > 0; left = due - nanoTime.getAsLong()) {
                    LockSupport.parkNanos(left);
                }
                Kind kind = kindOf(rank);
                healthy += kind == Kind.HEALTHY ? 1 : 0;
                byte[] value = new byte[VALUE_BYTES];
                ByteBuffer.wrap(value)
                        .putLong(due)
                        .put((byte) "HSF".charAt(kind.compareTo(Kind.HEALTHY)))
                        .put((byte) (timed ? 1 : 0));
                var unused = producer.send(ProducerRecord.of(topic, key("key-", rank), value));
            }
            return healthy;
        }

        private void await(long healthy) {
            long untilNs = nanoTime.getAsLong() + PATIENCE_NS;
            while (healthyDone.get() < healthy) {
                if (nanoTime.getAsLong() - untilNs > 0) {
                    throw new IllegalStateException(
                            healthyDone + " of " + healthy + " healthy records were acknowledged");
                }
                LockSupport.parkNanos(1_000_000);
            }
        }

        /** Works on many records at a time, as a consumer with asynchronous work does: each for as long as its key takes. */
        private void work() {
            Queue<Job> quick = new ArrayDeque<>();
            Queue<Job> slow = new ArrayDeque<>();
            try (HeadwaterClient own = connected();
                    QueueConsumer consumer =
                            own.queueConsumer().topic(topic).group(GROUP).build()) {
                while (!over) {
                    for (QueueRecord record : consumer.receive(Integer.MAX_VALUE, untilDone(quick, slow))) {
                        ByteBuffer value = ByteBuffer.wrap(Objects.requireNonNull(record.value(), "value"));
                        long now = nanoTime.getAsLong();
                        byte kind = value.get(Long.BYTES);
                        if (kind == 'H' && value.get(Long.BYTES + 1) == 1) {
                            delivered.recordValue(Math.max(0, Math.min(PATIENCE_NS * 10, now - value.getLong(0))));
                        }
                        if (disturbed && kind == 'S') {
                            slow.add(new Job(record, kind, now + SLOW_FACTOR * PROCESSING_NS));
                        } else {
                            quick.add(new Job(record, kind, now + PROCESSING_NS));
                        }
                    }
                    finish(consumer, quick);
                    finish(consumer, slow);
                }
            }
        }

        private Duration untilDone(Queue<Job> quick, Queue<Job> slow) {
            long now = nanoTime.getAsLong();
            long wait = POLL_NS;
            for (Queue<Job> jobs : List.of(quick, slow)) {
                Job job = jobs.peek();
                wait = job == null ? wait : Math.min(wait, Math.max(1, job.doneNs - now));
            }
            return Duration.ofNanos(wait);
        }

        private void finish(QueueConsumer consumer, Queue<Job> jobs) {
            for (Job job = jobs.peek(); job != null && job.doneNs - nanoTime.getAsLong() <= 0; job = jobs.peek()) {
                jobs.remove();
                if (disturbed && job.kind == 'F') {
                    var unused = consumer.fail(job.record, "always fails");
                    continue;
                }
                boolean healthy = job.kind == 'H';
                var unused = consumer.ack(job.record).whenComplete((done, failure) -> {
                    if (failure == null && healthy) {
                        lastDoneNs = nanoTime.getAsLong();
                        healthyDone.incrementAndGet();
                    }
                });
            }
        }
    }

    private record Job(QueueRecord record, byte kind, long doneNs) {}
}
