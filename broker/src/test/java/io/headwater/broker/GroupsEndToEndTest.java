package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupPartition;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stream groups over a real broker, its real disk, and the real client. */
class GroupsEndToEndTest {
    private static final int PARTITIONS = 8;
    private static final int RECORDS = 800;

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker start() throws Exception {
        return Broker.start(BrokerConfig.onFreePorts(directory));
    }

    private static HeadwaterClient client(Broker broker) {
        return HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
    }

    private static void fill(HeadwaterClient client) throws Exception {
        client.admin().createTopic("orders", TopicSettings.defaults().withPartitions(PARTITIONS));
        produce(client, RECORDS);
    }

    private static void produce(HeadwaterClient client, int count) throws Exception {
        try (Producer producer = client.producer().build()) {
            List<CompletableFuture<Acknowledgement>> acks = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byte[] text = ("record-" + i).getBytes(StandardCharsets.UTF_8);
                acks.add(producer.send(ProducerRecord.of("orders", text, text)));
            }
            for (CompletableFuture<Acknowledgement> ack : acks) {
                ack.get();
            }
        }
    }

    private static StreamConsumer member(HeadwaterClient client) {
        return client.streamConsumer()
                .topics("orders")
                .group("billing")
                .from(Position.beginning())
                .manualCommit()
                .build();
    }

    private static int drain(StreamConsumer consumer, int wanted) {
        int got = 0;
        while (got < wanted) {
            got += consumer.poll(Duration.ofSeconds(10)).size();
        }
        return got;
    }

    private static Map<Integer, Long> positions(HeadwaterClient client) {
        Map<Integer, Long> positions = new HashMap<>();
        for (GroupPartition partition : client.admin().describeGroup("billing").getPartitionsList()) {
            positions.put(partition.getIndex(), partition.getPosition());
        }
        return positions;
    }

    private Map<Integer, Long> readAllAndStop() throws Exception {
        try (Broker broker = start();
                HeadwaterClient client = client(broker)) {
            fill(client);
            try (StreamConsumer consumer = member(client)) {
                assertEquals(RECORDS, drain(consumer, RECORDS));
                consumer.commit();
            }
            Map<Integer, Long> positions = positions(client);
            assertEquals(RECORDS, positions.values().stream().mapToLong(p -> p).sum());
            return positions;
        }
    }

    @Test
    void afterACleanRestartAGroupIsDescribedWithoutOpeningALog() throws Exception {
        Map<Integer, Long> before = readAllAndStop();
        try (Broker broker = start();
                HeadwaterClient client = client(broker)) {
            assertEquals(before, positions(client));
            GroupDescription described = client.admin().describeGroup("billing");
            described.getPartitionsList().forEach(partition -> assertEquals(0, partition.getLagRecords()));
            assertEquals(0, BrokerMetrics.value(broker, "headwater_partitions_open"));
        }
    }

    @Test
    void viewsThatSomebodyDeletedAreRebuiltFromTheLogs() throws Exception {
        Map<Integer, Long> before = readAllAndStop();
        deleteViews();
        try (Broker broker = start();
                HeadwaterClient client = client(broker)) {
            // The rebuild runs in the background; no answer may be wrong meanwhile, only shorter.
            Map<Integer, Long> now = positions(client);
            while (now.size() < before.size()) {
                now.forEach((index, position) -> assertEquals(before.get(index), position));
                now = positions(client);
            }
            assertEquals(before, now);
            assertTrue(BrokerMetrics.value(broker, "headwater_partitions_open") > 0, "the logs had to be asked");
        }
        try (Broker broker = start();
                HeadwaterClient client = client(broker)) {
            assertEquals(before, positions(client));
            assertEquals(0, BrokerMetrics.value(broker, "headwater_partitions_open"), "the rebuilt view is believed");
        }
    }

    private void deleteViews() throws Exception {
        Path views = directory.resolve("views");
        assertTrue(Files.isDirectory(views), "the control: there were views to delete");
        try (var files = Files.walk(views)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void aNewRunGoesOnWhereTheGroupHadCommitted() throws Exception {
        readAllAndStop();
        try (Broker broker = start();
                HeadwaterClient client = client(broker);
                StreamConsumer consumer = member(client)) {
            produce(client, 50);
            Set<String> seen = new HashSet<>();
            while (seen.size() < 50) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(10))) {
                    byte[] value = record.value();
                    assertTrue(seen.add(new String(value == null ? new byte[0] : value, StandardCharsets.UTF_8)));
                }
            }
        }
    }

    @Test
    void membersShareThePartitionsAndTakeOverFromOneAnother() throws Exception {
        try (Broker broker = start();
                HeadwaterClient client = client(broker)) {
            fill(client);
            try (StreamConsumer one = member(client)) {
                drain(one, RECORDS);
                one.commit();
                StreamConsumer two = member(client);
                while (one.assignment().size() != PARTITIONS / 2
                        || two.assignment().size() != PARTITIONS / 2) {
                    one.poll(Duration.ofMillis(20));
                    two.poll(Duration.ofMillis(20));
                }
                Set<StreamConsumer.TopicPartition> all = new HashSet<>(one.assignment());
                all.addAll(two.assignment());
                assertEquals(PARTITIONS, all.size());
                produce(client, RECORDS);
                int got = 0;
                while (got < RECORDS) {
                    got += one.poll(Duration.ofMillis(20)).size();
                    got += two.poll(Duration.ofMillis(20)).size();
                }
                assertEquals(RECORDS, got, "nothing twice while nobody failed");
                one.commit();
                two.commit();
                two.close();
                while (one.assignment().size() != PARTITIONS) {
                    one.poll(Duration.ofMillis(20));
                }
                produce(client, RECORDS);
                assertEquals(RECORDS, drain(one, RECORDS));
            }
            assertFalse(client.admin().groups().isEmpty());
        }
    }

    @Test
    void aSeekMovesARunningGroup() throws Exception {
        try (Broker broker = start();
                HeadwaterClient client = client(broker)) {
            fill(client);
            try (StreamConsumer consumer = member(client)) {
                drain(consumer, RECORDS);
                consumer.commit();
                List<GroupPartition> moved = client.admin().seekGroup("billing", "orders", -1, Position.beginning());
                moved.forEach(partition -> assertEquals(0, partition.getPosition()));
                assertEquals(RECORDS, drain(consumer, RECORDS), "everything again");
            }
        }
    }
}
