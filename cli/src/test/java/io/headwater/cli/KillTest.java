package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 under load, again and again, with one producer that lives through all of it. A few rounds here;
 * {@code scripts/battery kills} runs many.
 */
class KillTest {
    private static final int ROUNDS = Integer.getInteger("headwater.kills", 4);
    private static final long SEED = Long.getLong("headwater.seed", 20261120);
    private static final int PARTITIONS = 3;
    private static final int IN_FLIGHT = 2_000;

    @TempDir
    Path directory;

    private final Map<String, String> acknowledgedAt = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Semaphore progress = new Semaphore(0);
    private final Semaphore window = new Semaphore(IN_FLIGHT);
    private volatile boolean stopped;

    @Test
    void noAcknowledgedRecordIsLostOrDoubledByKillingTheBroker() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        BrokerProcess broker = BrokerProcess.start(directory, "127.0.0.1:0");
        String server = broker.server();
        try (HeadwaterClient client = HeadwaterClient.builder()
                .server(server)
                .timeout(Duration.ofMinutes(1))
                .build()) {
            client.admin().createTopic("t", TopicSettings.defaults().withPartitions(PARTITIONS));
            Thread load = new Thread(() -> load(client), "load");
            load.start();
            for (int round = 0; round < ROUNDS && failures.isEmpty(); round++) {
                awaitAcknowledged(200 + random.nextInt(3_000));
                broker.kill();
                broker = BrokerProcess.start(directory, server);
            }
            awaitAcknowledged(100);
            stopped = true;
            load.join();
            assertEquals(List.of(), List.copyOf(failures), "seed " + SEED);
            check(client);
        } finally {
            stopped = true;
            broker.close();
        }
    }

    private void load(HeadwaterClient client) {
        try (Producer producer = client.producer().build()) {
            for (long n = 0; !stopped; n++) {
                window.acquire();
                String value = "record-" + n;
                var unused = producer.send(ProducerRecord.of(
                                "t",
                                ("key-" + n % 50).getBytes(StandardCharsets.UTF_8),
                                value.getBytes(StandardCharsets.UTF_8)))
                        .whenComplete((ack, failure) -> {
                            window.release();
                            if (failure != null) {
                                fail(failure);
                            } else {
                                acknowledgedAt.put(value, ack.partition() + "@" + ack.offset());
                                progress.release();
                            }
                        });
            }
        } catch (InterruptedException | RuntimeException e) {
            fail(e);
        }
    }

    /** Waits for so many more. */
    private void awaitAcknowledged(int count) throws InterruptedException {
        progress.drainPermits();
        progress.acquire(count);
    }

    private void fail(Throwable failure) {
        failures.add(failure);
        stopped = true;
        progress.release(10_000);
    }

    private void check(HeadwaterClient client) {
        Map<String, String> foundAt = new HashMap<>();
        Map<Integer, Long> next = new HashMap<>();
        Map<String, Long> lastOfKey = new HashMap<>();
        List<String> wrong = new ArrayList<>();
        try (StreamConsumer consumer = client.streamConsumer()
                .partitions(
                        new StreamConsumer.TopicPartition("t", 0),
                        new StreamConsumer.TopicPartition("t", 1),
                        new StreamConsumer.TopicPartition("t", 2))
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    String value = new String(record.value(), StandardCharsets.UTF_8);
                    String at = record.partition() + "@" + record.offset();
                    if (record.offset() != next.merge(record.partition(), 1L, Long::sum) - 1) {
                        wrong.add("offsets are not dense at " + at);
                    }
                    String before = foundAt.put(value, at);
                    if (before != null) {
                        wrong.add(value + " is there twice: " + before + " and " + at);
                    }
                    long n = Long.parseLong(value.substring("record-".length()));
                    Long last = lastOfKey.put(new String(record.key(), StandardCharsets.UTF_8), n);
                    if (last != null && last > n) {
                        wrong.add(value + " comes after record-" + last + " of the same key");
                    }
                }
            }
        }
        acknowledgedAt.forEach((value, at) -> {
            if (!at.equals(foundAt.get(value))) {
                wrong.add(value + " was acknowledged at " + at + " and is at " + foundAt.get(value));
            }
        });
        assertEquals(List.of(), wrong.subList(0, Math.min(20, wrong.size())), "seed " + SEED);
        assertTrue(acknowledgedAt.size() > ROUNDS * 200, "too little load: " + acknowledgedAt.size());
    }
}
