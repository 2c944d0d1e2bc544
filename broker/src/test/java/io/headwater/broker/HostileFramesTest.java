package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Goodbye;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.Produce;
import io.headwater.record.testing.Seeds;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a peer sends, it loses its own connection at most; a well-behaved client beside it does not notice. */
class HostileFramesTest {
    @TempDir
    Path directory;

    private Broker broker;
    private RawClient good;
    private long partition;
    private long expectedOffset;

    @BeforeEach
    void starts() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        good = RawClient.connected(broker.port());
        partition = good.createTopic("orders", 1).getPartitions(0).getPartitionId();
    }

    @AfterEach
    void theGoodClientNeverNoticed() throws Exception {
        produceWell();
        good.close();
        broker.close();
    }

    @Test
    void garbageIsToldWhatWasExpected() throws Exception {
        try (RawClient hostile = new RawClient(broker.port())) {
            hostile.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            assertGoodbye(hostile, ErrorCode.ERROR_FRAME_TOO_LARGE);
        }
    }

    @Test
    void aFrameLargerThanAgreedIsRefusedWithoutBeingRead() throws Exception {
        try (RawClient hostile = RawClient.connected(broker.port())) {
            hostile.write(ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).array());

            assertGoodbye(hostile, ErrorCode.ERROR_FRAME_TOO_LARGE);
        }
    }

    @Test
    void aFrameThatIsCutOffByTheEndOfTheConnectionDoesNothing() throws Exception {
        byte[] batch = Batches.of("never");
        byte[] frame = RawClient.bytes(FrameType.PRODUCE, 5, RawClient.produceMessage(partition, batch.length), batch);
        for (int cut = 1; cut < frame.length; cut += 7) {
            try (RawClient hostile = RawClient.connected(broker.port())) {
                hostile.write(Arrays.copyOf(frame, cut));
            }
        }

        assertEquals(0, produceWell());
    }

    @Test
    void aFrameThatComesByteByByteIsServed() throws Exception {
        byte[] batch = Batches.of("slow");
        byte[] frame = RawClient.bytes(FrameType.PRODUCE, 5, RawClient.produceMessage(partition, batch.length), batch);
        try (RawClient slow = RawClient.connected(broker.port())) {
            for (byte one : frame) {
                slow.write(new byte[] {one});
            }
            assertEquals(5, slow.read().correlationId());
            expectedOffset++;
        }
    }

    @Test
    void manyUnfinishedFramesHoldOnlyWhatWasSent() throws Exception {
        List<RawClient> holders = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                RawClient holder = RawClient.connected(broker.port());
                holders.add(holder);
                // Claims 60 MiB, sends 100 bytes.
                holder.write(ByteBuffer.allocate(104).putInt(60 << 20).array());
            }
            assertEquals(0, produceWell());
        } finally {
            for (RawClient holder : holders) {
                holder.close();
            }
        }
    }

    @Test
    void randomBytesAndDamagedFramesEndInAGoodbyeOrATypedError() {
        byte[] batch = Batches.of("fuzz");
        byte[] produce =
                RawClient.bytes(FrameType.PRODUCE, 9, RawClient.produceMessage(partition, batch.length), batch);
        Seeds.run(150, random -> {
            byte[] bytes;
            if (random.nextInt(4) == 0) {
                bytes = new byte[random.nextInt(1, 300)];
                random.nextBytes(bytes);
            } else {
                bytes = produce.clone();
                // Not in the batch: a flip there that the checksum catches is another test's.
                int header = produce.length - batch.length;
                bytes[random.nextInt(header)] ^= (byte) (1 << random.nextInt(8));
            }
            try (RawClient hostile = RawClient.connected(broker.port())) {
                hostile.write(bytes);
                hostile.socket().shutdownOutput();
                for (int i = 0; i < 10; i++) {
                    hostile.read();
                }
            } catch (EOFException | SocketException e) {
                // The broker has closed, with or without a word: fine.
            }
            // A flipped bit of the partition's id or the correlation may still be a good request: count what is there.
            expectedOffset = good.produce(partition, Batches.of("good")).getBaseOffset() + 1;
        });
    }

    @Test
    void aHandshakeThatIsTooLargeOrWrongIsRefused() throws Exception {
        try (RawClient hostile = new RawClient(broker.port())) {
            hostile.send(
                    FrameType.HELLO,
                    Hello.newBuilder()
                            .setMinVersion(1)
                            .setMaxVersion(1)
                            .setClientName("x".repeat(9000))
                            .build());
            assertGoodbye(hostile, ErrorCode.ERROR_FRAME_TOO_LARGE);
        }
        try (RawClient hostile = new RawClient(broker.port())) {
            hostile.send(FrameType.PRODUCE, Produce.getDefaultInstance());
            assertGoodbye(hostile, ErrorCode.ERROR_INVALID_REQUEST);
        }
    }

    @Test
    void aBatchThatLiesAboutItselfIsRefusedAndTheConnectionLives() throws Exception {
        byte[] batch = Batches.of("a", "b", "c");
        for (int at = 0; at < batch.length; at++) {
            byte[] damaged = batch.clone();
            damaged[at] ^= 0x40;
            boolean outsideTheChecksum = at < 8 || (at >= 12 && at < 16);
            ErrorCode code = good.produce(partition, damaged).getError().getCode();
            assertEquals(outsideTheChecksum ? ErrorCode.ERROR_NONE : ErrorCode.ERROR_CORRUPT_BATCH, code, "byte " + at);
            expectedOffset += outsideTheChecksum ? 3 : 0;
        }
    }

    private long produceWell() throws IOException {
        long offset = good.produce(partition, Batches.of("good")).getBaseOffset();
        assertTrue(offset >= expectedOffset, () -> "offset " + offset + ", expected at least " + expectedOffset);
        expectedOffset = offset + 1;
        return offset;
    }

    private static void assertGoodbye(RawClient client, ErrorCode code) throws IOException {
        Frame last = client.push();
        assertEquals(FrameType.GOODBYE, last.type());
        assertEquals(code, last.message(Goodbye.class).getReason().getCode());
        assertThrows(IOException.class, client::read);
    }
}
