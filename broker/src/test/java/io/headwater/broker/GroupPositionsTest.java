package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.CommitReply;
import io.headwater.protocol.wire.DescribeGroup;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.SeekGroup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Positions are entries of the partition's log: durable, never back by a fault, independent of the view. */
class GroupPositionsTest {
    @TempDir
    Path directory;

    private final AtomicLong clockMs = new AtomicLong(1_700_000_000_000L);
    private Broker broker;
    private RawClient client;
    private long partition;

    @BeforeEach
    void starts() throws Exception {
        open();
        partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
        for (int i = 0; i < 10; i++) {
            clockMs.addAndGet(1000);
            client.produce(partition, Batches.of("v" + i));
        }
    }

    @AfterEach
    void stops() throws Exception {
        client.close();
        broker.close();
    }

    private void open() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory), Ports.real().withEpochClock(clockMs::get));
        client = RawClient.connected(broker.port());
    }

    @Test
    void aCommitSurvivesARestartAndNeverGoesBack() throws Exception {
        assertEquals(ErrorCode.ERROR_NONE, commit(7));
        assertEquals(ErrorCode.ERROR_NONE, commit(4));
        stops();
        open();

        assertEquals(7, client.position("g", partition));
    }

    @Test
    void aPositionAheadOfTheLogIsRefused() throws Exception {
        assertEquals(ErrorCode.ERROR_OFFSET_OUT_OF_RANGE, commit(11));
        assertEquals(ErrorCode.ERROR_NONE, commit(10));
    }

    @Test
    void aSeekGoesBackAndIsDurable() throws Exception {
        commit(9);
        client.call(
                FrameType.SEEK_GROUP,
                SeekGroup.newBuilder()
                        .setGroup("g")
                        .setTopic("orders")
                        .setPartition(0)
                        .setAnchor(Anchor.ANCHOR_OFFSET)
                        .setValue(2)
                        .build());
        stops();
        open();

        assertEquals(2, client.position("g", partition));
    }

    @Test
    void theLagIsShownInRecordsAndInTime() throws Exception {
        commit(4);
        clockMs.addAndGet(500);

        GroupPartition lag = client.call(
                        FrameType.DESCRIBE_GROUP,
                        DescribeGroup.newBuilder().setName("g").build())
                .message(GroupDescription.class)
                .getPartitions(0);

        assertEquals(4, lag.getPosition());
        assertEquals(6, lag.getLagRecords());
        // Record 4 came in five seconds before record 9, which came in half a second ago.
        assertEquals(5500, lag.getLagMs());
    }

    @Test
    void deletingTheViewLosesNothing() throws Exception {
        commit(7);
        stops();
        Path views = directory.resolve("views");
        assertTrue(Files.isDirectory(views), "the test looks at the wrong place");
        delete(views);
        open();

        assertEquals(7, client.position("g", partition));
    }

    @Test
    void aConsumerOfAGroupGoesOnWhereTheGroupStood() throws Exception {
        try (HeadwaterClient real = HeadwaterClient.builder()
                        .server("127.0.0.1:" + broker.port())
                        .build();
                Producer producer = real.producer().build()) {
            real.admin().createTopic("work", TopicSettings.defaults().withPartitions(4));
            for (int i = 0; i < 100; i++) {
                var unused = producer.send(ProducerRecord.of("work", bytes("k" + i), bytes("w" + i)));
            }
            producer.flush();
            List<String> first = take(real, 100);
            for (int i = 100; i < 150; i++) {
                var unused = producer.send(ProducerRecord.of("work", bytes("k" + i), bytes("w" + i)));
            }
            producer.flush();
            List<String> second = take(real, 50);

            assertEquals(100, first.size());
            assertEquals(50, second.size());
            assertFalse(second.stream().anyMatch(first::contains));
        }
    }

    private static List<String> take(HeadwaterClient client, int count) {
        List<String> values = new ArrayList<>();
        try (StreamConsumer consumer =
                client.streamConsumer().topics("work").group("workers").build()) {
            while (values.size() < count) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(10))) {
                    values.add(new String(record.value(), StandardCharsets.UTF_8));
                }
            }
            consumer.commit();
        }
        return values;
    }

    private ErrorCode commit(long offset) throws IOException {
        return client.call(
                        FrameType.COMMIT,
                        Commit.newBuilder()
                                .setGroup("g")
                                .addPositions(CommitPosition.newBuilder()
                                        .setPartitionId(partition)
                                        .setOffset(offset))
                                .build())
                .message(CommitReply.class)
                .getResults(0)
                .getError()
                .getCode();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
