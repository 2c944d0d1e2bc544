package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real client and the real broker with a bad network between them: nothing acknowledged is lost, nothing is there
 * twice, order holds and offsets are dense, for what is stored as for what was consumed meanwhile. {@code
 * scripts/battery lossy} runs for longer.
 */
class LossyNetworkTest {
    private static final int SECONDS = Integer.getInteger("headwater.lossy", 8);
    private static final long SEED = Long.getLong("headwater.seed", 20261121);
    private static final int PARTITIONS = 3;
    private static final int CUTS = 3;
    private static final int IN_FLIGHT = 500;

    @TempDir
    Path directory;

    private final Map<String, String> acknowledgedAt = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Semaphore window = new Semaphore(IN_FLIGHT);
    private volatile boolean stopped;

    @Test
    @Timeout(1800)
    void losesAndDoublesNothingOverABadNetwork() throws Exception {
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                HeadwaterClient direct = client(broker.port());
                LossyProxy producing = new LossyProxy(broker.port(), SEED);
                LossyProxy consuming = new LossyProxy(broker.port(), SEED + 1);
                HeadwaterClient sender = client(producing.port());
                HeadwaterClient receiver = client(consuming.port())) {
            direct.admin().createTopic("t", TopicSettings.defaults().withPartitions(PARTITIONS));
            Reading meanwhile = new Reading();
            Thread consumer = new Thread(() -> consume(receiver, meanwhile), "consume");
            Thread load = new Thread(() -> load(sender), "load");
            consumer.start();
            load.start();
            load.join(TimeUnit.SECONDS.toMillis(SECONDS));
            // On a slow machine little has passed by then.
            while (load.isAlive() && producing.cuts() + consuming.cuts() < CUTS) {
                load.join(100);
            }
            stopped = true;
            producing.heal();
            consuming.heal();
            load.join();
            assertEquals(List.of(), List.copyOf(failures), "seed " + SEED);
            consumer.join();

            Reading stored = new Reading();
            readToTheEnd(direct, stored);
            stored.check("stored");
            meanwhile.check("consumed");
            assertTrue(acknowledgedAt.size() > 500, "too little load: " + acknowledgedAt.size());
            assertTrue(producing.cuts() + consuming.cuts() >= CUTS, "too good a network");
        }
    }

    private static HeadwaterClient client(int port) {
        return HeadwaterClient.builder()
                .server("127.0.0.1:" + port)
                .timeout(Duration.ofMinutes(2))
                .build();
    }

    private void load(HeadwaterClient client) {
        try (Producer producer = client.producer().build()) {
            for (long n = 0; !stopped; n++) {
                if (!window.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                    n--;
                    continue;
                }
                String value = "record-" + n;
                var unused = producer.send(ProducerRecord.of(
                                "t",
                                ("key-" + n % 50).getBytes(StandardCharsets.UTF_8),
                                value.getBytes(StandardCharsets.UTF_8)))
                        .whenComplete((ack, failure) -> {
                            window.release();
                            if (failure != null) {
                                failures.add(failure);
                            } else {
                                acknowledgedAt.put(value, ack.partition() + "@" + ack.offset());
                            }
                        });
            }
        } catch (InterruptedException | RuntimeException e) {
            failures.add(e);
        }
    }

    /** Until it has seen all that was acknowledged, and a minute at most after the end. */
    private void consume(HeadwaterClient client, Reading into) {
        long endNs = Long.MAX_VALUE;
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").from(Position.beginning()).build()) {
            while (!(stopped && window.availablePermits() == IN_FLIGHT && into.at.size() >= acknowledgedAt.size())) {
                consumer.poll(Duration.ofMillis(200)).forEach(into::add);
                if (stopped && endNs == Long.MAX_VALUE) {
                    endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
                } else if (stopped && System.nanoTime() - endNs > 0) {
                    return;
                }
            }
        } catch (RuntimeException e) {
            failures.add(e);
        }
    }

    private static void readToTheEnd(HeadwaterClient client, Reading into) {
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .from(Position.beginning())
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                consumer.poll(Duration.ofSeconds(1)).forEach(into::add);
            }
        }
    }

    /** What one consumer saw, and what was wrong with it. */
    private final class Reading {
        final Map<String, String> at = new HashMap<>();
        final Map<Integer, Long> next = new HashMap<>();
        final Map<String, Long> lastOfKey = new HashMap<>();
        final List<String> wrong = new ArrayList<>();

        void add(ConsumedRecord record) {
            String value = new String(record.value(), StandardCharsets.UTF_8);
            String place = record.partition() + "@" + record.offset();
            if (record.offset() != next.merge(record.partition(), 1L, Long::sum) - 1) {
                wrong.add("offsets are not dense at " + place);
            }
            String before = at.put(value, place);
            if (before != null) {
                wrong.add(value + " is there twice: " + before + " and " + place);
            }
            long n = Long.parseLong(value.substring("record-".length()));
            Long last = lastOfKey.put(new String(record.key(), StandardCharsets.UTF_8), n);
            if (last != null && last > n) {
                wrong.add(value + " comes after record-" + last + " of the same key");
            }
        }

        void check(String what) {
            acknowledgedAt.forEach((value, place) -> {
                if (!place.equals(at.get(value))) {
                    wrong.add(value + " was acknowledged at " + place + " and is at " + at.get(value));
                }
            });
            assertEquals(List.of(), wrong.subList(0, Math.min(20, wrong.size())), what + ", seed " + SEED);
        }
    }
}
