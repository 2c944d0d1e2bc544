package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Subscribe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Connections at rest are cheap for the broker. The long script runs this with
 * 10,000: {@code -Dheadwater.connections=10000}.
 */
class ManyConnectionsTest {
    private static final int COUNT = Integer.getInteger("headwater.connections", 2000);
    private static final long KIB_PER_CONNECTION = 40;

    @TempDir
    Path directory;

    @Test
    void thousandsOfIdleSubscribersCostLittleAndMissNothing() throws Exception {
        List<RawClient> idle = new ArrayList<>();
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient busy = RawClient.connected(broker.port())) {
            long partition = busy.createTopic("orders", 1).getPartitions(0).getPartitionId();
            busy.produce(partition, Batches.of("warm"));
            long before = broker.anonymousKib();
            for (int i = 0; i < COUNT; i++) {
                RawClient client = RawClient.connected(broker.port());
                idle.add(client);
                client.call(
                        FrameType.SUBSCRIBE,
                        Subscribe.newBuilder()
                                .setPartitionId(partition)
                                .setFromOffset(1)
                                .setUntilOffset(-1)
                                .setCreditBytes(1 << 20)
                                .build());
            }

            Status status = busy.call(FrameType.GET_STATUS, GetStatus.getDefaultInstance())
                    .message(Status.class);
            assertEquals(COUNT + 1, status.getConnections());
            long grown = broker.anonymousKib() - before;
            assertTrue(
                    grown < COUNT * KIB_PER_CONNECTION + 32 * 1024, () -> grown + " KiB for " + COUNT + " connections");

            busy.produce(partition, Batches.of("hello"));
            for (RawClient client : idle) {
                assertEquals(
                        "hello", Batches.read(client.push().attachment()).get(0).value());
            }
        } finally {
            for (RawClient client : idle) {
                client.close();
            }
        }
    }
}
