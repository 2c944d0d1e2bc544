package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A consumer that grants credit without end and then does not read holds little of the broker, and gets all later. */
class SlowConsumerTest {
    private static final long ENDLESS = Long.MAX_VALUE;

    @TempDir
    Path directory;

    @Test
    void holdsABoundedPartOfTheMemoryAndMissesNothing() throws Exception {
        int slowOnes = 20;
        int batches = 4000;
        String value = "x".repeat(1500);
        List<RawClient> slow = new ArrayList<>();
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                RawClient producer = RawClient.connected(broker.port())) {
            long partition = producer.createTopic("orders", 1).getPartitions(0).getPartitionId();
            for (int i = 0; i < slowOnes; i++) {
                RawClient client = RawClient.connected(broker.port());
                slow.add(client);
                client.subscribe(partition, ENDLESS);
            }
            long before = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
            for (int i = 0; i < batches; i += 100) {
                List<Integer> ids = new ArrayList<>();
                for (int j = 0; j < 100; j++) {
                    ids.add(producer.sendProduce(partition, Batches.of(value)));
                }
                for (int id : ids) {
                    producer.reply(id);
                }
            }

            // 20 consumers × 6 MB wait; what the kernel's buffers do not take stays in the log.
            long held = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() - before;
            assertTrue(held < slowOnes * 3L * 1024 * 1024, () -> held + " bytes held for " + slowOnes + " consumers");

            for (RawClient client : slow) {
                int got = 0;
                while (got < batches) {
                    List<Batches.Read> records = Batches.read(client.push().attachment());
                    assertEquals(got, records.get(0).offset());
                    got += records.size();
                }
            }
        } finally {
            for (RawClient client : slow) {
                client.close();
            }
        }
    }
}
