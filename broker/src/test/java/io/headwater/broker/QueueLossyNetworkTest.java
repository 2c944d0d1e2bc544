package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueRecord;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Consumers of a keyed group and the real broker with a bad network between them: every record is acknowledged in the
 * end, and none is delivered once more after its acknowledgement was confirmed.
 */
class QueueLossyNetworkTest {
    private static final long SEED = Long.getLong("headwater.seed", 20261121);
    private static final int CUTS = 5;
    private static final int RECORDS = 1_000;
    private static final int AT_ONCE = 100;
    private static final int CONSUMERS = 2;
    /** Longer than the test may take: what is lost on the way comes back because its consumer says what it has. */
    private static final Duration LEASE = Duration.ofHours(1);

    @TempDir
    Path directory = Path.of("set by JUnit");

    /** By place: the delivery whose acknowledgement was confirmed. */
    private final Map<String, Integer> confirmed = new ConcurrentHashMap<>();

    private final Map<String, Integer> latestOfKey = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    private volatile boolean stopped;

    private static HeadwaterClient client(int port) {
        return HeadwaterClient.builder()
                .server("127.0.0.1:" + port)
                .timeout(Duration.ofSeconds(3))
                .keepAlive(Duration.ofMillis(300))
                .build();
    }

    @Test
    @Timeout(120)
    void acknowledgesEveryRecordAndSeesNoneAfterwards() throws Exception {
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                HeadwaterClient direct = client(broker.port());
                LossyProxy network = new LossyProxy(broker.port(), SEED);
                HeadwaterClient behind = client(network.port())) {
            direct.admin().createTopic("jobs", TopicSettings.defaults().withPartitions(2));
            QueueAdmin queues = direct.queueAdmin();
            queues.create(
                    "jobs",
                    "work",
                    QueueGroupConfig.keyedQueue()
                            .withLease(LEASE)
                            .withMaxFailures(-1)
                            .withBackoff(Backoff.none()));
            List<Thread> consumers = java.util.stream.IntStream.range(0, CONSUMERS)
                    .mapToObj(i -> new Thread(() -> work(behind), "work-" + i))
                    .toList();
            consumers.forEach(Thread::start);
            int sent = 0;
            try (Producer producer = direct.producer().build()) {
                while (sent < RECORDS || network.cuts() < CUTS) {
                    for (int i = 0; i < AT_ONCE; i++) {
                        int number = sent++;
                        var unused = producer.send(ProducerRecord.ofUtf8("jobs", "key-" + number % 40, "" + number));
                    }
                    producer.flush();
                    awaitAcked(queues, sent - AT_ONCE);
                }
            }
            network.heal();
            awaitAcked(queues, sent);
            stopped = true;
            for (Thread consumer : consumers) {
                consumer.join();
            }
            assertEquals(List.of(), List.copyOf(wrong), "seed " + SEED);
            assertTrue(confirmed.size() > sent / 2, confirmed.size() + " of " + sent + " were confirmed");
            assertEquals(sent, count(queues, QueueAdmin.PartitionStatus::floor), "all that there is is done");
        }
    }

    private static long count(QueueAdmin queues, ToLongFunction<QueueAdmin.PartitionStatus> what) {
        return queues.describe("jobs", "work").partitions().stream()
                .mapToLong(what)
                .sum();
    }

    private static void awaitAcked(QueueAdmin queues, long count) {
        while (count(queues, QueueAdmin.PartitionStatus::acked) < count) {
            Thread.onSpinWait();
        }
    }

    private void work(HeadwaterClient client) {
        try (QueueConsumer consumer =
                client.queueConsumer().topic("jobs").group("work").prefetch(30).build()) {
            while (!stopped) {
                receive(consumer);
            }
        } catch (HeadwaterException e) {
            wrong.add("close: " + e);
        }
    }

    /** Of its key nothing that was sent later has come before. */
    private void checkOrder(QueueRecord record) {
        String key = new String(Objects.requireNonNull(record.key()), StandardCharsets.UTF_8);
        int number = Integer.parseInt(new String(Objects.requireNonNull(record.value()), StandardCharsets.UTF_8));
        int latest = latestOfKey.merge(key, number, Math::max);
        if (latest > number) {
            wrong.add(record + " (" + key + ", " + number + ") came behind " + latest);
        }
    }

    private void receive(QueueConsumer consumer) {
        try {
            for (QueueRecord record : consumer.receive(10, Duration.ofMillis(100))) {
                Integer done = confirmed.get(record.toString());
                if (done != null && record.deliveries() > done) {
                    wrong.add(record + ": delivery " + record.deliveries() + " after " + done + " was confirmed");
                }
                checkOrder(record);
                var unused = consumer.ack(record)
                        .thenRun(() -> confirmed.merge(record.toString(), record.deliveries(), Math::max));
            }
        } catch (HeadwaterException.Retriable e) {
            // It has never reached the broker yet.
        }
    }
}
