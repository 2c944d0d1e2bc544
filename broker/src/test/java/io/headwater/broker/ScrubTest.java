package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.TopicDescription;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A bit rots in a file of a running broker, where nobody reads. */
@ExtendWith(ExpectedErrors.class)
class ScrubTest {
    private static final int BATCHES = 24;
    private static final long DEADLINE_S = 60;

    @TempDir
    Path directory;

    private Broker start(long scrubIntervalMs) throws IOException {
        return Broker.start(BrokerConfig.onFreePorts(directory.resolve("data"))
                .withStorage(new BrokerConfig.Storage(1 << 20, 3_600_000, 3_600_000, 0, scrubIntervalMs, 64L << 20)));
    }

    /** Two sealed segments and an open one; returns the partition. */
    private static long fill(RawClient client) throws IOException {
        long partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
        for (int i = 0; i < BATCHES; i++) {
            client.produce(partition, Batches.of("v".repeat(100_000)));
        }
        return partition;
    }

    private static String state(RawClient client) throws IOException {
        return client.call(
                        FrameType.DESCRIBE_TOPIC,
                        DescribeTopic.newBuilder().setName("orders").build())
                .message(TopicDescription.class)
                .getPartitions(0)
                .getState();
    }

    private Path firstSegment(long partition) throws IOException {
        Path files = directory.resolve("data/partitions").resolve(Long.toString(partition));
        try (Stream<Path> all = Files.list(files)) {
            return all.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void flip(Path file, long position) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, position);
            one.put(0, (byte) (one.get(0) ^ 4));
            channel.write(one.rewind(), position);
        }
    }

    @Test
    void isFoundWithoutARead() throws Exception {
        try (Broker broker = start(1_000);
                RawClient client = RawClient.connected(broker.port())) {
            long partition = fill(client);
            flip(firstSegment(partition), 5_000);
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
            while (!state(client).contains("offline")) {
                assertTrue(System.nanoTime() - endNs < 0, "not found after " + DEADLINE_S + " s");
                client.expectSilence(Duration.ofMillis(50));
            }
        }
    }

    /** The control: what finds it is the scrubbing. */
    @Test
    void isNotFoundWhereNothingIsScrubbed() throws Exception {
        try (Broker broker = start(0);
                RawClient client = RawClient.connected(broker.port())) {
            long partition = fill(client);
            flip(firstSegment(partition), 5_000);
            client.expectSilence(Duration.ofSeconds(4));
            assertEquals("online", state(client));
        }
    }
}
