package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointCodecTest {
    /** Version 4; a change of these bytes is a change of what is on people's disks. */
    private static final String GOLDEN = "04" // version
            + "0000000000000005" // forgotten up to producer 5
            + "01" // one producer
            + "0000000000000007" + "0002" // id, epoch
            + "02" // two batches
            + "00" + "64" + "e807" // first sequence 0, offset 100, time 1000
            + "0a" // ten records
            + "05" + "0a" + "01" // five records, ten offsets and a millisecond later
            + "01" // one internal producer
            + "fffffffffffffff6" + "8180808008" + "c801" + "d00f" // id -10, batch 2^31 + 1 at 200, time 2000
            + "01" // one position
            + "00000003" + "000000000000002a" + "0000000000000bb8" // group 3 at 42, committed at 3000
            + "00"; // no queue groups

    @Test
    void keepsItsBytes() {
        ProducerTable producers = new ProducerTable();
        producers.reset(5);
        producers.noted(7, (short) 2, 0, 10, 100, 1000);
        producers.noted(7, (short) 2, 10, 5, 110, 1001);
        producers.noted(-10, (short) 1, 1, 3, 200, 2000);
        PositionTable positions = new PositionTable();
        positions.apply(new GroupOp(GroupOp.Kind.COMMIT, 3, 42, 3000));

        ByteBuffer bytes = CheckpointCodec.encode(producers, positions, List.of());

        byte[] array = new byte[bytes.remaining()];
        bytes.get(array);
        assertEquals(GOLDEN, HexFormat.of().formatHex(array));
    }

    @Test
    void givesBackWhatWentIn() {
        Seeds.run(200, random -> {
            ProducerTable producers = new ProducerTable();
            producers.reset(random.nextLong(-1, 1L << 40));
            PositionTable positions = new PositionTable();
            int count = random.nextInt(20);
            for (int p = 0; p < count; p++) {
                int sequence = 0;
                long offset = random.nextLong(1L << 40);
                long time = random.nextLong(1L << 42);
                for (int b = random.nextInt(1, 90); b > 0; b--) {
                    int records = random.nextInt(1, 100_000);
                    producers.noted(p, (short) random.nextInt(3), sequence, records, offset, time);
                    sequence = ProducerWindow.after(sequence, records);
                    offset += records + random.nextInt(1000);
                    time += random.nextInt(10_000);
                }
            }
            for (int g = random.nextInt(10); g > 0; g--) {
                positions.apply(
                        new GroupOp(GroupOp.Kind.COMMIT, g, random.nextLong(1L << 50), random.nextLong(1L << 42)));
            }

            ProducerTable producersBack = new ProducerTable();
            producersBack.noted(1000, (short) 0, 0, 1, 0, 0);
            PositionTable positionsBack = new PositionTable();
            CheckpointCodec.decode(
                    CheckpointCodec.encode(producers, positions, List.of()),
                    producersBack,
                    positionsBack,
                    new ReplayedQueues(new PartitionQueues(new HeapBudget(1 << 20))));

            assertEquals(producers.forgottenUpTo(), producersBack.forgottenUpTo());
            assertEquals(producers.size(), producersBack.size());
            for (ProducerWindow window : producers.all()) {
                ProducerWindow back = producersBack.window(window.producerId);
                assertNotNull(back);
                assertEquals(window.epoch(), back.epoch());
                assertEquals(window.nextSequence(), back.nextSequence());
                assertEquals(window.size(), back.size());
                for (int i = 0; i < window.size(); i++) {
                    assertEquals(window.sequence(i), back.sequence(i));
                    assertEquals(window.count(i), back.count(i));
                    assertEquals(window.offset(i), back.offset(i));
                    assertEquals(window.timeMs(i), back.timeMs(i));
                }
            }
            for (PositionTable.Place place : positions.all()) {
                PositionTable.Place back = positionsBack.place(place.groupId);
                assertNotNull(back);
                assertEquals(place.offset, back.offset);
                assertEquals(place.committedMs, back.committedMs);
            }
        });
    }

    @Test
    void leavesOutAGroupThatWasForgotten() {
        PositionTable positions = new PositionTable();
        positions.apply(new GroupOp(GroupOp.Kind.COMMIT, 3, 42, 3000));
        positions.apply(new GroupOp(GroupOp.Kind.FORGET, 3, 0, 3001));
        PositionTable back = new PositionTable();

        CheckpointCodec.decode(
                CheckpointCodec.encode(new ProducerTable(), positions, List.of()),
                new ProducerTable(),
                back,
                new ReplayedQueues(new PartitionQueues(new HeapBudget(1 << 20))));

        assertNull(back.place(3));
    }

    @Test
    void refusesAVersionThatItDoesNotKnow() {
        ByteBuffer later = ByteBuffer.wrap(new byte[] {5, 0, 0});

        assertThrows(
                UnknownFormatException.class,
                () -> CheckpointCodec.decode(
                        later,
                        new ProducerTable(),
                        new PositionTable(),
                        new ReplayedQueues(new PartitionQueues(new HeapBudget(1 << 20)))));
    }
}
