package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class QueueOpsTest {
    /** Version 2; a change of these bytes is a change of what is on people's disks. */
    private static final String GOLDEN = "04" // version
            + "0103" // group 3
            + "02" + "c801" + "03" + "09" + "e807" // published: 100 to 102, priority 9, due 1000
            + "03" + "05" + "02" + "01" + "000000000000000b"
            + "b0ea01" // granted: 100, 101; attempt 1, session 11, 30 s
            + "04" + "03" + "01" + "e807" // extended: 100, 1 s
            + "05" + "65" + "02" // acked: 50, 51
            + "11" + "03" + "6e6f21" // reason: no!
            + "06" + "64" + "01" + "02" + "02" + "e807" // returned: 102, failures 2, failed, due 1000
            + "06" + "00" + "01" + "00" + "01" + "00" // returned: 103, released, which has no reason
            + "11" + "00" // reason: none
            + "07" + "01" + "01" + "10" + "03" + "02"
            + "e807" // died: 103, failures 16, rejected, holds its key; at 1000
            + "08" + "01" + "01" // redriven: 103
            + "09" + "cd01" + "c0843d" // removed: 1 to 1,000,000
            + "14" + "89887a" + "02" + "03" + "09" + "00" // replayed: 60, 61 above attempt 3, priority 9
            + "0a" + "86887a" // retracted: from 1,000,001
            + "0b" // paused
            + "0d" // surveyed
            + "0e" + "07" + "2a" + "01" + "03" // sent: 7th batch, to 42, as they are, three runs:
            + "0a" + "02" + "01" + "00" // 10, 11, ready before
            + "00" + "01" + "04" + "e807" // 12, dead since 1000
            + "07" + "01" + "02" + "d00f" // 20, waiting until 2000
            + "0f" + "07" // arrived: the 7th
            + "10" + "c5887a" + "01" + "02" // kept: 30, too large
            + "15" + "00000000000000ff" + "07" + "12" + "02" // answered: 7 records, next 9, 2 gone
            + "0104" // group 4
            + "0c"; // resumed

    private static void inThree(QueueChange to) {
        to.published(100, 2, 9, 1_000);
        to.published(102, 1, 9, 1_000);
        to.granted(100, 1, 1, 11, 30_000);
        to.granted(101, 1, 1, 11, 30_000);
        to.extended(100, 1, 1_000);
        to.acked(50, 1);
        to.acked(51, 1);
        to.returned(102, 1, new Ending(2, Cause.FAILED, "no!"), 1_000);
        to.returned(103, 1, new Ending(0, Cause.RELEASED, ""), 0);
        to.died(103, 1, new Ending(16, Cause.REJECTED, ""), Burial.HOLDS_KEY, 1_000);
        to.redriven(103, 1);
        to.removed(1, 1_000_000);
        to.replayed(60, 1, 3, 9, 0);
        to.replayed(61, 1, 3, 9, 0);
        to.retracted(1_000_001);
        to.paused();
        to.surveyed();
        to.sent(new Shipment(
                7,
                42,
                Shipment.Cargo.AS_THEY_ARE,
                new long[] {10, 11, 12, 20},
                new RecordState[] {RecordState.READY, RecordState.READY, RecordState.DEAD, RecordState.WAITING},
                new long[] {0, 0, 1_000, 2_000}));
        to.arrived(7);
        to.kept(30, 1, Kept.TOO_LARGE);
        to.answered(new Answered(255, 7, 9, 2));
    }

    private static QueueOps everything() {
        QueueOps ops = new QueueOps();
        inThree(ops.of(3));
        ops.of(4).resumed();
        return ops;
    }

    @Test
    void keepsItsBytes() {
        QueueOps ops = new QueueOps();
        ops.of(3).published(100, 2, 9, 1_000);
        ops.clear();
        assertTrue(ops.isEmpty());

        inThree(ops.of(3));
        ops.of(4).resumed();

        assertFalse(ops.isEmpty());
        assertEquals(GOLDEN, hex(ops.payload()));
    }

    @Test
    void readsWhatItWrote() {
        QueueOps ops = everything();
        QueueEngine three = engine(3);
        QueueEngine four = engine(4);
        QueueState expected = new QueueState(0);
        inThree(expected);

        QueueOps.replay(ops.payload(), group -> group == 3 ? three : four);

        assertEquals(hex(SnapshotCodec.encode(expected)), hex(three.snapshot()));
        assertEquals(hex(SnapshotCodec.encode(new QueueState(0))), hex(four.snapshot()));
    }

    @Test
    void passesOverAGroupThatIsGone() {
        QueueOps ops = everything();
        QueueEngine four = engine(4);
        ops.of(4).acked(0, 5);

        QueueOps.replay(ops.payload(), group -> group == 4 ? four : null);

        QueueState expected = new QueueState(0);
        expected.acked(0, 5);
        assertEquals(hex(SnapshotCodec.encode(expected)), hex(four.snapshot()));
    }

    @Test
    void aThousandRunsFit() {
        QueueOps ops = new QueueOps();
        QueueState expected = new QueueState(0);
        for (int i = 0; i < 1_000; i++) {
            ops.of(4).granted(2L * i, 1, 1, Long.MIN_VALUE, i);
            expected.granted(2L * i, 1, 1, Long.MIN_VALUE, i);
        }
        QueueEngine four = engine(4);

        QueueOps.replay(ops.payload(), group -> four);

        assertEquals(hex(SnapshotCodec.encode(expected)), hex(four.snapshot()));
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        ByteBuffer earlier = ByteBuffer.wrap(new byte[] {1});
        ByteBuffer unknown = ByteBuffer.wrap(new byte[] {2, 100, 0, 1});

        assertThrows(QueueFormatException.class, () -> QueueOps.replay(earlier, group -> null));
        assertThrows(QueueFormatException.class, () -> QueueOps.replay(unknown, group -> null));
    }

    private static QueueEngine engine(int group) {
        return new QueueEngine(group, QueuePolicy.PLAIN, 0, new HeapBudget(256 << 20), bound -> 0);
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
