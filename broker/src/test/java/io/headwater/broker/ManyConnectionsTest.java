package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Subscribe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections at rest are cheap. The long script runs this with 10,000: {@code -Dheadwater.connections=10000}. */
class ManyConnectionsTest {
    private static final int COUNT = Integer.getInteger("headwater.connections", 2000);
    private static final long BYTES_PER_CONNECTION = 48 * 1024;

    @TempDir
    Path directory;

    @Test
    void thousandsOfIdleSubscribersCostLittleAndDisturbNobody() throws Exception {
        List<RawClient> idle = new ArrayList<>();
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                RawClient busy = RawClient.connected(broker.port())) {
            long partition = busy.createTopic("orders", 1).getPartitions(0).getPartitionId();
            long before = heapUsed();
            for (int i = 0; i < COUNT; i++) {
                RawClient client = RawClient.connected(broker.port());
                idle.add(client);
                client.call(
                        FrameType.SUBSCRIBE,
                        Subscribe.newBuilder()
                                .setPartitionId(partition)
                                .setUntilOffset(-1)
                                .setCreditBytes(1 << 20)
                                .build());
            }

            Status status = busy.call(FrameType.GET_STATUS, GetStatus.getDefaultInstance())
                    .message(Status.class);
            long heap = heapUsed() - before;
            assertEquals(COUNT + 1, status.getConnections());
            // Broker and clients together, as both live in this process.
            assertTrue(heap < COUNT * BYTES_PER_CONNECTION, () -> heap / COUNT + " bytes of heap a connection");

            busy.produce(partition, Batches.of("hello"));
            for (RawClient client : idle) {
                assertEquals(1, Batches.read(client.push().attachment()).size());
            }
        } finally {
            for (RawClient client : idle) {
                client.close();
            }
        }
    }

    private static long heapUsed() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
