package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.Toggle;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.protocol.wire.TopicDescription;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A topic that keeps the last record of each key. */
class CompactionTest {
    private static final int RECORDS = 60;
    private static final int KEYS = 3;

    @TempDir
    Path directory;

    /** With a topic that does not compact as its control. */
    @Test
    void theLastOfEachKeyStaysAndItsPredecessorsGiveTheirDiskBack() throws Exception {
        BrokerConfig config = BrokerConfig.onFreePorts(directory)
                .withThreads(new BrokerConfig.Threads(1, 2))
                .withStorage(new BrokerConfig.Storage(1 << 20, 60_000, 100, 0, 0, 1 << 20));
        try (Broker broker = Broker.start(config);
                RawClient client = RawClient.connected(broker.port())) {
            long compacted = fill(client, "compacted", Toggle.TOGGLE_ON);
            fill(client, "control", Toggle.TOGGLE_OFF);
            long all = bytes(client, "control");

            long left = all;
            for (long until = System.nanoTime() + 20_000_000_000L; left > all / 3 && System.nanoTime() < until; ) {
                left = bytes(client, "compacted");
            }

            assertTrue(left <= all / 3, left + " of " + all + " bytes are left");
            assertEquals(all, bytes(client, "control"));
            Map<String, String> table = new LinkedHashMap<>();
            List<Long> offsets = new ArrayList<>();
            client.subscribe(compacted, 1 << 30);
            for (long next = 0; next < RECORDS; ) {
                Frame push = client.push();
                next = push.message(Deliver.class).getNextOffset();
                for (Batches.Read record : Batches.read(push.attachment())) {
                    offsets.add(record.offset());
                    table.put(record.value().substring(0, 2), record.value().substring(0, 5));
                }
            }
            assertEquals(Map.of("k0", "k0/57", "k1", "k1/58", "k2", "k2/59"), table);
            assertTrue(offsets.size() < RECORDS / 2, offsets + " are left");
        }
    }

    private static long fill(RawClient client, String topic, Toggle compact) throws Exception {
        long partition = client.call(
                        FrameType.CREATE_TOPIC,
                        CreateTopic.newBuilder()
                                .setName(topic)
                                .setPartitions(1)
                                .setConfig(TopicConfig.newBuilder().setCompact(compact))
                                .build())
                .message(Topic.class)
                .getPartitions(0)
                .getPartitionId();
        String padding = "x".repeat(90_000);
        for (int i = 0; i < RECORDS; i++) {
            String key = "k" + i % KEYS;
            client.produce(partition, Batches.keyed(key, key + "/" + i + " " + padding));
        }
        return partition;
    }

    private static long bytes(RawClient client, String topic) throws Exception {
        return client.call(
                        FrameType.DESCRIBE_TOPIC,
                        DescribeTopic.newBuilder().setName(topic).build())
                .message(TopicDescription.class)
                .getPartitions(0)
                .getBytes();
    }
}
