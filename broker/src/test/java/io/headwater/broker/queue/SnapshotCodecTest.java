package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SnapshotCodecTest {
    /** Version 7; a change of these bytes is a change of what is on people's disks. */
    private static final String GOLDEN = "07" // version
            + "05" // paused, has sent
            + "02" // no lease had an attempt above 2
            + "05" // below 5 all is done
            + "01" + "03" + "02" // and 8, 9
            + "00" + "01" + "02" + "01" // of these, 2 was purged
            + "00" + "01" + "01" + "01" // and 1 was moved
            + "01" + "000000000000000b" // session 11
            + "01" + "03" + "6e6f21" // a reason: no!
            + "09" // nine records, in runs: step, how many, what they have in common, their times
            + "00" + "01" + "01" + "04" + "01" + "00" + "01" // 5: released, ready
            + "00" + "01" + "03" + "04" + "01" + "00" + "00" + "01"
            + "b0ea01" // 6: leased by 11 for 30 s, first delivery
            + "00" + "01" + "22" + "04" + "01" + "01" + "02" + "00"
            + "d00f" // 7: failed once, with the reason, due at 1000
            + "02" + "01" + "14" + "04" + "01" + "03" + "03" + "00"
            + "00" // 10: rejected, dead after three failures since the same time, holds its key
            + "00" + "01" + "05" + "04" + "01" + "01" + "02" + "00" + "d00f" // 11: failed, moving since 1000 later
            + "00" + "01" + "04" + "04" + "01" + "01" + "02" + "02" + "00" // 12: the same, kept as it is too large
            + "57" + "01" + "0b" + "09" + "02" + "00" + "06" + "00"
            + "64" // 100: suspect, priority 9, leased, detached for 0.1 s
            + "01" + "02" + "02" + "04" + "00" + "00" + "00" + "f02e"
            + "00" // 102 and 103: scheduled for 3000 later, both
            + "01" + "00000000000000ff" + "07" + "01" + "00" // one answer: 7 records, that was all
            + "02" + "2a" + "00" + "01" // sent: the second batch, to 42, dead letters, one run:
            + "0b" + "01" + "05" + "d00f"; // 11, moving since 2000

    private static QueueState state() {
        QueueState state = new QueueState(0);
        state.published(100, 1, 9, 0);
        state.published(102, 2, 4, 5_000);
        state.granted(0, 6, 1, 11, 30_000);
        state.acked(0, 1);
        state.sent(shipment(1, 1, RecordState.READY, 0));
        state.arrived(1);
        state.removed(2, 1);
        state.acked(3, 2);
        state.returned(5, 1, new Ending(0, Cause.RELEASED, ""), 0);
        state.granted(8, 2, 1, 11, 30_000);
        state.acked(8, 2);
        state.granted(6, 2, 1, 11, 30_000);
        state.returned(7, 1, new Ending(1, Cause.FAILED, "no!"), 1_000);
        state.granted(10, 1, 1, 11, 30_000);
        state.died(10, 1, new Ending(3, Cause.REJECTED, ""), Burial.HOLDS_KEY, 1_000);
        state.granted(11, 2, 1, 11, 30_000);
        state.died(11, 2, new Ending(1, Cause.FAILED, ""), Burial.MOVING, 2_000);
        state.kept(12, 1, Kept.TOO_LARGE);
        state.sent(shipment(2, 11, RecordState.MOVING, 2_000));
        state.granted(100, 1, 1, 12, 30_000);
        state.returned(100, 1, new Ending(0, Cause.LOST_AMONG_OTHERS, ""), 0);
        state.granted(100, 1, 2, 0, 100);
        state.answered(new Answered(255, 7, -1, 0));
        state.paused();
        return state;
    }

    private static Shipment shipment(long number, long offset, RecordState before, long timeMs) {
        return new Shipment(
                number, 42, Shipment.Cargo.DEAD_LETTERS, new long[] {offset}, new RecordState[] {before}, new long[] {
                    timeMs
                });
    }

    @Test
    void keepsItsBytes() {
        assertEquals(GOLDEN, hex(state()));
    }

    @Test
    void givesBackWhatWentIn() {
        QueueState back = new QueueState(3);
        ByteBuffer bytes = SnapshotCodec.encode(state());

        SnapshotCodec.decode(bytes, back);

        assertEquals(0, bytes.remaining());
        assertEquals(GOLDEN, hex(back));
        assertEquals(2, back.count(RecordState.LEASED));
        assertEquals(1, back.sessions.suspects());
        assertEquals(HowDone.MOVED, back.unacknowledged.of(1));
        assertEquals(HowDone.REMOVED, back.unacknowledged.of(2));
        assertTrue(back.isAcknowledged(0) && back.isAcknowledged(8));
    }

    @Test
    void tenMillionReadyRecordsTakeAFewBytes() {
        QueueEngine engine = new QueueEngine(1, QueuePolicy.PLAIN, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.open(10_000_000, new Now(0, 0));

        assertTrue(engine.snapshot().remaining() < 16);
    }

    /** A partition writes it at the start of each segment, while everything else waits. */
    @Test
    void recordsThatWaitForTheirTimeTakeAByteOrTwoEach() {
        QueueState state = new QueueState(0);
        for (int offset = 0; offset < 100_000; offset++) {
            state.published(offset, 1, 4, 1_795_330_952_445L + offset * 7L % 1_000);
        }
        ByteBuffer bytes = SnapshotCodec.encode(state);
        assertTrue(bytes.remaining() < 200_100, bytes.remaining() + " bytes");

        QueueState back = new QueueState(0);
        SnapshotCodec.decode(bytes, back);
        assertEquals(hex(state), hex(back));
        assertEquals(1_795_330_952_445L + 7, back.slots.timeMs(back.slots.find(1)));
        assertEquals(1_795_330_952_445L + 7, back.slots.scheduledMs(back.slots.find(1)));
    }

    @Test
    void whatIsTooFarApartToBeSortedAtOnceIsInOrderAllTheSame() {
        QueueState state = new QueueState(0);
        for (long offset : new long[] {1L << 62, 5, (1L << 62) - 1, 7, 1L << 40}) {
            state.published(offset, 1, 9, 0);
        }
        QueueState back = new QueueState(0);
        SnapshotCodec.decode(SnapshotCodec.encode(state), back);
        assertEquals(hex(state), hex(back));
        for (long offset : new long[] {5, 7, 1L << 40, (1L << 62) - 1, 1L << 62}) {
            assertEquals(9, back.slots.priority(back.slots.find(offset)));
        }
    }

    @Test
    void refusesAVersionThatItDoesNotKnow() {
        ByteBuffer earlier = ByteBuffer.wrap(new byte[] {6, 0, 0, 0, 0, 0});

        assertThrows(QueueFormatException.class, () -> SnapshotCodec.decode(earlier, new QueueState(0)));
    }

    private static String hex(QueueState state) {
        ByteBuffer buffer = SnapshotCodec.encode(state);
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
