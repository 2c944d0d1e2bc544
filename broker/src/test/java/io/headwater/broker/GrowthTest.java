package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import io.headwater.protocol.wire.Topic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker that stood alone founds a cluster with what it has. */
@Timeout(180)
class GrowthTest {
    private static final String TOPIC = "jobs";
    private static final String GROUP = "workers";
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 200;
    private static final int DONE = 50;
    private static final Duration WAIT = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private static void publish(HeadwaterClient client, int from, int count) {
        try (Producer producer = client.producer().build()) {
            for (int i = from; i < from + count; i++) {
                producer.send(ProducerRecord.of(TOPIC, ("k" + i % 7).getBytes(StandardCharsets.UTF_8), value(i)));
            }
            producer.flush();
        }
    }

    private static byte[] value(int i) {
        return Integer.toString(i).getBytes(StandardCharsets.UTF_8);
    }

    /** So many different records are received and done; returns them. */
    private static Set<Integer> work(HeadwaterClient client, int count) {
        Set<Integer> done = new TreeSet<>();
        try (QueueConsumer consumer =
                client.queueConsumer().topic(TOPIC).group(GROUP).build()) {
            while (done.size() < count) {
                List<QueueRecord> some = consumer.receive(count - done.size(), WAIT);
                assertTrue(!some.isEmpty(), () -> "only " + done.size() + " of " + count);
                for (QueueRecord record : some) {
                    assertTrue(done.add(Integer.parseInt(new String(record.value(), StandardCharsets.UTF_8))));
                    consumer.ack(record).join();
                }
            }
        }
        return done;
    }

    private static Topic await(HeadwaterClient client, Predicate<Topic> wanted) {
        long endNs = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            Topic topic = client.admin().topics().stream()
                    .filter(each -> each.getName().equals(TOPIC))
                    .findFirst()
                    .orElseThrow();
            if (wanted.test(topic)) {
                return topic;
            }
            assertTrue(System.nanoTime() - endNs < 0, topic::toString);
            LockSupport.parkNanos(50_000_000);
        }
    }

    @Test
    void whatItHadIsReplicatedAndGoesOnWithoutIt() throws Exception {
        Path data = directory.resolve("node-1");
        Set<Integer> done;
        try (Broker alone = Broker.start(BrokerConfig.onFreePorts(data));
                HeadwaterClient client = HeadwaterClient.builder()
                        .server("127.0.0.1:" + alone.port())
                        .build()) {
            client.admin().createTopic(TOPIC, TopicSettings.defaults().withPartitions(PARTITIONS));
            client.queueAdmin().create(TOPIC, GROUP, QueueGroupConfig.queue());
            publish(client, 0, RECORDS);
            done = work(client, DONE);
        }
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, 3);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            assertEquals(
                    PARTITIONS,
                    await(client, topic -> true).getPartitionsCount(),
                    "it knows its topics from the start");
            publish(client, RECORDS, RECORDS);
            await(client, topic -> topic.getPartitionsList().stream().allMatch(each -> each.getVotersCount() == 3));

            cluster.kill(1);
            Set<Integer> rest = work(client, 2 * RECORDS - DONE);
            rest.retainAll(done);
            assertEquals(Set.of(), rest, "done before, and delivered again");
        }
        IOException refused = assertThrows(IOException.class, () -> Broker.start(BrokerConfig.onFreePorts(data)));
        assertTrue(refused.getMessage().contains("--peer-listen"), refused.getMessage());
    }
}
