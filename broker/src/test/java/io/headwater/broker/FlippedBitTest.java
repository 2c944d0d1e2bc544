package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.BrokerConfig.Storage;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.SubscribeReply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bit rots in a file of a broker that was stopped in order. Whatever file it is, a started broker serves what was
 * stored, or says that it cannot; it never serves anything else.
 */
@ExtendWith(ExpectedErrors.class)
class FlippedBitTest {
    private static final int BATCHES = 24;
    private static final int VALUE_CHARS = 100_000;
    private static final long POSITION = 17;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(11);
    private Path data;
    private long partition;
    private int served;
    private int refused;

    /** Two sealed segments and an open one, and a group's position in the log and in the view. */
    @BeforeEach
    void stopsABrokerInOrder() throws Exception {
        data = directory.resolve("data");
        try (Broker broker = start();
                RawClient client = RawClient.connected(broker.port())) {
            partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
            for (int i = 0; i < BATCHES; i++) {
                client.produce(partition, Batches.of(value(i)));
            }
            client.call(
                    FrameType.COMMIT,
                    Commit.newBuilder()
                            .setGroup("g")
                            .addPositions(CommitPosition.newBuilder()
                                    .setPartitionId(partition)
                                    .setOffset(POSITION))
                            .build());
        }
    }

    private Broker start() throws IOException {
        BrokerConfig config = BrokerConfig.onFreePorts(data);
        return Broker.start(config.withStorage(new Storage(1 << 20, 3_600_000, 3_600_000, 0, 0, 1 << 20)));
    }

    private static String value(int i) {
        return String.format(Locale.ROOT, "%08d", i).repeat(VALUE_CHARS / 8);
    }

    @Test
    void inTheLogItIsFoundAndWhatLiesThereIsRefused() throws Exception {
        Path segment = files("partitions", ".log").get(0);
        // A byte each of the segment's header, an envelope, a batch's header, and a record.
        int envelope = 64;
        for (int position : new int[] {20, envelope + 20, envelope + 64 + 30, envelope + 5000}) {
            byte[] before = Files.readAllBytes(segment);
            flip(segment, position);
            byte[] damaged = Files.readAllBytes(segment);
            check("the log at " + position);
            assertTrue(Arrays.equals(damaged, Files.readAllBytes(segment)), "nothing is cut or overwritten");
            Files.write(segment, before);
        }
        assertEquals(4, refused);
    }

    @Test
    void inTheEndOfASealedSegmentOrInAnIndexItIsMended() throws Exception {
        Path segment = files("partitions", ".log").get(0);
        int last = (int) Files.size(segment) - 10;
        flip(segment, last);
        check("the footer");
        for (Path index : files("partitions", ".index")) {
            int position = random.nextInt((int) Files.size(index));
            flip(index, position);
            check(index.toString());
        }
        assertEquals(0, refused);
    }

    @Test
    void inTheMarksOrTheMetadataTheBrokerRefusesToStartOrIsNotHurt() throws Exception {
        for (String name : List.of("marks", "metadata")) {
            Path file = data.resolve(name);
            byte[] before = Files.readAllBytes(file);
            for (int round = 0; round < 12; round++) {
                // Half of them near the start: most of a journal's room is empty.
                int position = random.nextInt(round % 2 == 0 ? Math.min(300, before.length) : before.length);
                flip(file, position);
                check(name + " at " + position);
                Files.write(file, before);
            }
        }
        assertTrue(refused > 6, refused + " refused");
    }

    @Test
    void inTheViewsItIsNotBelieved() throws Exception {
        for (Path file : files("views", "")) {
            // A store that was found damaged has been replaced, with other files.
            if (Files.exists(file) && Files.size(file) > 0) {
                flip(file, random.nextInt((int) Files.size(file)));
                check(file.toString());
            }
        }
        assertEquals(0, refused);
        assertTrue(served >= 3, served + " served");
    }

    private List<Path> files(String below, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(data.resolve(below))) {
            return new ArrayList<>(all.filter(
                            file -> Files.isRegularFile(file) && file.toString().endsWith(suffix))
                    .sorted()
                    .toList());
        }
    }

    private void flip(Path file, int position) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[position] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, bytes);
    }

    /** Starts, reads everything, and stops. */
    private void check(String what) throws Exception {
        Broker started;
        try {
            started = start();
        } catch (IOException e) {
            refused++;
            return;
        }
        try (Broker broker = started;
                RawClient client = RawClient.connected(broker.port())) {
            if (read(client, what)) {
                assertEquals(POSITION, client.position("g", partition), what);
                served++;
            } else {
                refused++;
            }
        }
    }

    /** Whether all of it could be read; what could be read is as it was. */
    private boolean read(RawClient client, String what) throws Exception {
        Frame reply = client.subscribe(partition, 1 << 30);
        if (reply.isError()) {
            return false;
        }
        assertEquals(BATCHES, reply.message(SubscribeReply.class).getEndOffset(), what);
        int next = 0;
        while (next < BATCHES) {
            Frame push = client.push();
            if (push.message(Deliver.class).hasError()) {
                return false;
            }
            for (Batches.Read record : Batches.read(push.attachment())) {
                assertEquals(next, record.offset(), what);
                assertEquals(value(next), record.value(), what);
                next++;
            }
        }
        return true;
    }
}
