package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.BrokerConfig.Storage;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.protocol.wire.TopicDescription;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.testing.FaultyDisk;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, fails or stalls under a running broker: what its clients are told, and what survives. */
@ExtendWith(ExpectedErrors.class)
class DiskFaultTest {
    @TempDir
    Path directory;

    private final FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
    private BrokerConfig config;
    private Broker broker;
    private RawClient client;
    private long partition;
    private long other;

    @BeforeEach
    void starts() throws Exception {
        config = BrokerConfig.onFreePorts(directory);
        broker = start();
        client = RawClient.connected(broker.port());
        partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
        other = client.createTopic("other", 1).getPartitions(0).getPartitionId();
        client.produce(partition, Batches.of("before"));
        client.produce(other, Batches.of("before"));
    }

    @AfterEach
    void stops() throws Exception {
        disk.heal();
        client.close();
        broker.close();
    }

    private Broker start() throws Exception {
        return Broker.start(config, Ports.real().withDisk(disk));
    }

    private void restart() throws Exception {
        stops();
        broker = start();
        client = RawClient.connected(broker.port());
    }

    @Test
    void aFullDiskIsADefiniteErrorAndHealsWithoutARestart() throws Exception {
        disk.fullAfter(0);
        ProduceResult refused = null;
        // The space that was preallocated takes some more.
        for (int i = 0; i < 500 && refused == null; i++) {
            ProduceResult result = client.produce(partition, Batches.of("x".repeat(10_000)));
            refused = result.hasError() ? result : null;
        }
        assertTrue(refused != null, "never full");
        assertEquals(ErrorCode.ERROR_DISK_FULL, refused.getError().getCode());
        assertTrue(refused.getError().getRetriable());
        assertFalse(refused.getError().getUnknownOutcome());
        assertTrue(refused.getError().getRetryAfterMs() > 0);
        long end = end(partition);

        disk.heal();
        ProduceResult again = client.produce(partition, Batches.of("again"));

        assertFalse(again.hasError(), () -> again.getError().getMessage());
        assertEquals(end, again.getBaseOffset());
    }

    @Test
    void afterAFailedSyncThePartitionIsOfflineAndTheOthersGoOn() throws Exception {
        disk.failSyncs(1, path -> path.toString().contains(partitionDirectory(partition)));

        ProduceResult lost = client.produce(partition, Batches.of("unknown"));
        disk.heal();
        ProduceResult after = client.produce(partition, Batches.of("refused"));
        ProduceResult elsewhere = client.produce(other, Batches.of("fine"));

        assertEquals(ErrorCode.ERROR_PARTITION_OFFLINE, lost.getError().getCode());
        assertTrue(lost.getError().getUnknownOutcome());
        assertEquals(ErrorCode.ERROR_PARTITION_OFFLINE, after.getError().getCode());
        assertFalse(after.getError().getUnknownOutcome());
        assertFalse(elsewhere.hasError());
        assertTrue(describe("orders").getPartitions(0).getState().startsWith("offline"));
        assertFalse(broker.health().problems().isEmpty());

        restart();
        assertFalse(client.produce(partition, Batches.of("back")).hasError());
    }

    @Test
    void aReaderOfAPartitionThatGoesOfflineIsTold() throws Exception {
        waitForTheNextRecord(1);
        disk.failSyncs(1, path -> path.toString().contains(partitionDirectory(partition)));

        client.produce(partition, Batches.of("unknown"));

        assertToldThatItIsOffline(1);
    }

    @Test
    void aReaderIsToldAlsoWhenRetentionFindsTheDiskFailing() throws Exception {
        config = config.withStorage(new Storage(config.storage().segmentBytes(), 3_600_000, 100, 0, 0, 1 << 20));
        restart();
        waitForTheNextRecord(1);
        disk.failWrites(path -> path.toString().contains(partitionDirectory(partition)));

        client.call(
                FrameType.ALTER_TOPIC,
                AlterTopic.newBuilder()
                        .setName("orders")
                        .setConfig(TopicConfig.newBuilder().setRetentionMs(1))
                        .build());

        assertToldThatItIsOffline(1);
    }

    @Test
    void aReaderIsToldAlsoWhenAnIdleLogCannotBePutToRest() throws Exception {
        config = config.withStorage(new Storage(config.storage().segmentBytes(), 1000, 3_600_000, 0, 0, 1 << 20));
        restart();
        client.produce(partition, Batches.of("opens a file"));
        waitForTheNextRecord(2);

        disk.failWrites(path -> path.toString().contains(partitionDirectory(partition)));

        assertToldThatItIsOffline(1);
    }

    @Test
    void aReaderAtTheEndIsToldAlsoWhenAnotherFindsOldRecordsUnreadable() throws Exception {
        restart();
        waitForTheNextRecord(1);
        disk.failReads(path -> path.toString().contains(partitionDirectory(partition)), 0, Long.MAX_VALUE);

        subscribe(2, 0);

        assertToldThatItIsOffline(2);
        assertToldThatItIsOffline(1);
    }

    @Test
    void aLogThatFindsNoDescriptorToOpenWithIsNotOfflineForGood() throws Exception {
        restart();
        disk.failOpens(path -> path.toString().contains(partitionDirectory(partition)));

        ProduceResult refused = client.produce(partition, Batches.of("refused"));
        disk.heal();
        ProduceResult after = client.produce(partition, Batches.of("fine"));

        assertTrue(refused.getError().getRetriable(), () -> refused.getError().getMessage());
        assertTrue(
                refused.getError().getMessage().contains("descriptor"),
                () -> refused.getError().getMessage());
        assertFalse(after.hasError(), () -> after.getError().getMessage());
        assertEquals(1, after.getBaseOffset());
    }

    private void subscribe(int subscription, long from) throws Exception {
        client.call(
                FrameType.SUBSCRIBE,
                Subscribe.newBuilder()
                        .setSubscriptionId(subscription)
                        .setPartitionId(partition)
                        .setFromOffset(from)
                        .setUntilOffset(-1)
                        .setCreditBytes(1 << 20)
                        .build());
    }

    /** Subscribes at the end; returns when the reader waits there. */
    private void waitForTheNextRecord(long end) throws Exception {
        subscribe(1, end);
        assertEquals(end, end(partition));
    }

    private void assertToldThatItIsOffline(int subscription) throws Exception {
        Deliver told = client.push().message(Deliver.class);
        assertEquals(subscription, told.getSubscriptionId());
        assertEquals(ErrorCode.ERROR_PARTITION_OFFLINE, told.getError().getCode());
    }

    @Test
    void nothingIsAcknowledgedOrShownWhileTheSyncStalls() throws Exception {
        disk.stallSyncs();
        int first = client.sendProduce(partition, Batches.of("stalled"));
        disk.awaitStalled();

        // The owner still answers: this reply overtakes the one that waits for the disk.
        assertEquals(1, end(partition));

        disk.resume();
        ProduceReply reply = client.reply(first).message(ProduceReply.class);
        assertEquals(1, reply.getResults(0).getBaseOffset());
        assertEquals(2, end(partition));
    }

    @Test
    void aDuplicateOfABatchThatIsNotDurableYetWaitsWithIt() throws Exception {
        long producer = client.call(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance())
                .message(InitProducerReply.class)
                .getProducerId();
        client.produce(partition, Batches.of(producer, 0, "first"));
        disk.stallSyncs();
        int original = client.sendProduce(partition, Batches.of(producer, 1, "second"));
        disk.awaitStalled();
        int duplicate = client.sendProduce(partition, Batches.of(producer, 1, "second"));
        assertEquals(2, end(partition));

        disk.resume();

        ProduceResult one = client.reply(original).message(ProduceReply.class).getResults(0);
        ProduceResult two = client.reply(duplicate).message(ProduceReply.class).getResults(0);
        assertEquals(one.getBaseOffset(), two.getBaseOffset());
        assertTrue(two.getDuplicate());
        assertNotEquals(one.getDuplicate(), two.getDuplicate());
    }

    private long end(long id) throws Exception {
        // A subscription without credit gets nothing but the reply.
        int subscription = (int) id + 1000;
        long end = client.call(
                        FrameType.SUBSCRIBE,
                        Subscribe.newBuilder()
                                .setSubscriptionId(subscription)
                                .setPartitionId(id)
                                .setUntilOffset(-1)
                                .build())
                .message(SubscribeReply.class)
                .getEndOffset();
        client.call(
                FrameType.UNSUBSCRIBE,
                io.headwater.protocol.wire.Unsubscribe.newBuilder()
                        .setSubscriptionId(subscription)
                        .build());
        return end;
    }

    private TopicDescription describe(String topic) throws Exception {
        return client.call(
                        FrameType.DESCRIBE_TOPIC,
                        DescribeTopic.newBuilder().setName(topic).build())
                .message(TopicDescription.class);
    }

    private static String partitionDirectory(long id) {
        return "/partitions/" + id + "/";
    }
}
