package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.partition.StateAudit;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.TopicDescription;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogVerifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    /** Bytes with all their checksums, which no leader that had these entries could have written. */
    private static void writeAnotherCheckpoint(Path segment) throws IOException {
        int at = 64; // behind the segment's header
        ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(segment));
        Envelope old = new Envelope().wrap(all, at);
        assertEquals(EntryKind.CHECKPOINT, old.kind());
        byte[] payload = new byte[old.length() - Envelope.SIZE];
        all.get(at + Envelope.SIZE, payload);
        ByteBuffer.wrap(payload).putLong(1, 3); // behind the version: producers up to 3 were forgotten
        ByteBuffer entry = ByteBuffer.allocate(old.length());
        int unused = new Envelope()
                .wrap(entry, 0)
                .encodeControl(
                        EntryKind.CHECKPOINT,
                        ByteBuffer.wrap(payload),
                        old.entryIndex(),
                        old.baseOffset(),
                        old.leaderEpoch(),
                        old.ingestionTimeMs());
        entry.put(Envelope.SIZE, payload);
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            channel.write(entry, at);
        }
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
        return segments(partition).get(0);
    }

    private List<Path> segments(long partition) throws IOException {
        Path files = directory.resolve("data/partitions").resolve(Long.toString(partition));
        try (Stream<Path> all = Files.list(files)) {
            return all.filter(file -> file.toString().endsWith(".log")).sorted().toList();
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

    /** What this process has written is not checked again when it is read; who was sent it has to say so. */
    @Test
    void isFoundWhereWhoeverReadItSaysSo() throws Exception {
        try (Broker broker = start(0);
                RawClient client = RawClient.connected(broker.port())) {
            long partition = fill(client);
            flip(firstSegment(partition), 5_000);
            Subscribe.Builder request = Subscribe.newBuilder()
                    .setPartitionId(partition)
                    .setUntilOffset(-1)
                    .setCreditBytes(1);
            client.call(FrameType.SUBSCRIBE, request.setSubscriptionId(1).build());
            Frame sent = client.push();
            RecordBatch batch = new RecordBatch().wrap(sent.attachment().nioBuffer(), Envelope.SIZE);
            assertFalse(batch.crcMatches());
            assertEquals("online", state(client));
            client.call(
                    FrameType.SUBSCRIBE,
                    request.setSubscriptionId(2).setRecheck(true).build());
            assertEquals(
                    ErrorCode.ERROR_CORRUPT_LOG,
                    client.push().message(Deliver.class).getError().getCode());
            assertTrue(state(client).contains("offline"));
        }
    }

    /** The second checkpoint is wrong by the entries, and the third one by the second. */
    @Test
    void aCheckpointThatItsEntriesDoNotLeadToIsCountedAndDisturbsNobody() throws Exception {
        String mismatches = "headwater_derived_state_mismatches_total";
        long partition;
        try (Broker broker = start(1_000);
                RawClient client = RawClient.connected(broker.port())) {
            partition = fill(client);
            awaitRound(broker);
            assertEquals(0, BrokerMetrics.value(broker, mismatches));
        }
        List<Path> segments = segments(partition);
        assertEquals(3, segments.size());
        writeAnotherCheckpoint(segments.get(1));
        List<LogVerifier.Finding> found = new ArrayList<>();
        LogVerifier.verify(
                new FileSystemDisk(), directory.resolve("data"), List.of(), new StateAudit(1 << 20), found::add);
        // Footer and index do not fit any more either, which says nothing about what is derived.
        found.removeIf(finding -> finding.severity() != LogVerifier.Severity.DIVERGENCE);
        assertEquals(2, found.size(), found.toString());
        assertTrue(found.get(0).what().contains("forgotten up to -1, written: 3"), found.toString());
        assertTrue(found.get(1).what().contains("forgotten up to 3, written: -1"), found.toString());
        try (Broker broker = start(1_000);
                RawClient client = RawClient.connected(broker.port())) {
            awaitRound(broker);
            assertTrue(BrokerMetrics.value(broker, mismatches) >= 2);
            assertEquals("online", state(client));
        }
    }

    private static void awaitRound(Broker broker) throws Exception {
        long nowS = System.currentTimeMillis() / 1000;
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
        // The one that was under way may have passed over what is new.
        while (BrokerMetrics.value(broker, "headwater_scrub_round_end_seconds") < nowS + 3) {
            assertTrue(System.nanoTime() - endNs < 0, "no round after " + DEADLINE_S + " s");
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
