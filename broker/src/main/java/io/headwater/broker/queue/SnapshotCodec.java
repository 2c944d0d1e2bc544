package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a group knows, as a part of a CHECKPOINT. What is ready and was never touched takes no byte, and neither does the
 * order of delivery, which is derived. Numbers are unsigned LEB128 varints unless a type stands beside them.
 *
 * <pre>
 * version   u8 = 7
 * flags     u8: bit 0 paused, 1 surveyed, 2 some batch was sent to another topic
 * attempt   the highest that any lease has had
 * floor     all below is done
 * done      count of runs above it, then of each: step from the end of the run before it (of the first: from the
 *           floor), length
 * removed   of what is done: what was purged, cancelled, or was no record. Floor and runs as above; all below its floor
 *           belongs to it. Before the lower of the two floors that follow, nobody knows
 * moved     the same of what was moved to another topic
 * sessions  count of those that hold leases, then of each: id i64
 * reasons   count of texts, then of each: count of bytes, UTF-8
 * records   count of those with more to say, by offset, then runs of neighbours that differ in their times only until that
 *           many are told, of each run:
 *             step from the end of the run before it (of the first: from the floor), length
 *             u8: bits 0 to 2 state, 3 suspect, 4 holds its key, 5 has a reason,
 *                 6 was scheduled and is more than WAITING for it, 7 does not become too old
 *             priority u8, deliveries, failures
 *             how the last attempt that has ended did so, u8: a {@link Cause}, 0: none has
 *             with a reason: place of its text in the list, from 0
 *             LEASED (3): place of the session in the list, 0 for a detached lease, else counted from 1; lease in ms.
 *             DEAD (4), MOVING (5): why it is kept, u8: a {@link Kept}. READY (1), WAITING (2): nothing
 *             then of each of its records, as signed (zigzag) steps from the last one of the same kind, the first from 0:
 *               with bit 6: when its producer wants it, wall ms
 *               WAITING: due; DEAD, MOVING: since when; wall ms
 * answers   count of the last requests of operators, then of each, the oldest first: as an ANSWERED of {@link QueueOps}
 * sent      if flags say so: the last batch, as a SENT of {@link QueueOps}; without runs: it is not under way any more
 * </pre>
 */
final class SnapshotCodec {
    static final int VERSION = 7;

    private static final int PAUSED = 1;
    private static final int SURVEYED = 2;
    private static final int HAS_SENT = 4;
    private static final int HEAD_BYTES = 2 + 4 * Varints.MAX_BYTES;
    private static final int ANSWER_BYTES = Long.BYTES + 3 * Varints.MAX_BYTES;

    private SnapshotCodec() {}

    static ByteBuffer encode(QueueState state) {
        int[] slots = state.slots.byOffset();
        SnapshotShared shared = new SnapshotShared();
        for (int slot : slots) {
            shared.add(state, slot);
        }
        Unacknowledged others = state.unacknowledged;
        List<Runs> sets = List.of(Runs.of(state.done), Runs.of(others.removed), Runs.of(others.moved));
        int bound = Math.addExact(HEAD_BYTES, shared.bytes());
        for (Runs set : sets) {
            bound = Math.addExact(bound, set.bytes());
        }
        Shipment underWay = state.shipment();
        Shipment shipment = underWay == null ? Shipment.none(state.lastShipment()) : underWay;
        int tail = shipment.maxEncodedBytes() + Answers.MOST * ANSWER_BYTES + Varints.MAX_BYTES;
        ByteBuffer head = ByteBuffer.allocate(bound);
        int flags = (state.isPaused() ? PAUSED : 0) | (state.isSurveyed() ? SURVEYED : 0);
        flags |= state.lastShipment() > 0 ? HAS_SENT : 0;
        head.put((byte) VERSION).put((byte) flags);
        Varints.put(head, state.highestAttempt());
        sets.forEach(set -> set.encode(head));
        shared.encode(head);
        ByteBuffer out = SnapshotRecords.roomFor(SnapshotRecords.encode(head, state, slots, shared), tail);
        Varints.put(out, state.answers.all().size());
        for (Answered answer : state.answers.all()) {
            out.putLong(answer.requestId());
            Varints.put(out, answer.records());
            Varints.putSigned(out, answer.next());
            Varints.put(out, answer.gone());
        }
        if (state.lastShipment() > 0) {
            shipment.encode(out);
        }
        return out.flip();
    }

    /** How many records a snapshot has a slot for, without reading them. Moves the position. */
    static long records(ByteBuffer in) throws QueueFormatException {
        checkVersion(in);
        in.get();
        Varints.get(in);
        for (int set = 0; set < 3; set++) {
            Varints.get(in);
            for (long runs = Varints.get(in); runs > 0; runs--) {
                Varints.get(in);
                Varints.get(in);
            }
        }
        long sessions = Varints.get(in);
        in.position(in.position() + Math.toIntExact(sessions * Long.BYTES));
        for (long texts = Varints.get(in); texts > 0; texts--) {
            Reasons.get(in);
        }
        return Varints.get(in);
    }

    private static void checkVersion(ByteBuffer in) throws QueueFormatException {
        int version = in.get();
        if (version != VERSION) {
            throw new QueueFormatException("snapshot of a queue: version " + version + " (expected: " + VERSION + ")");
        }
    }

    /** A set, and what it takes. */
    private record Runs(OffsetBitmap set, int count, int bytes) {
        static Runs of(OffsetBitmap set) {
            int count = 0;
            int bytes = 2 * Varints.MAX_BYTES;
            long before = set.floor();
            long from = set.nextPresent(before);
            while (from != Long.MAX_VALUE) {
                long to = set.nextAbsent(from);
                count++;
                bytes = Math.addExact(bytes, Varints.bytesOf(from - before) + Varints.bytesOf(to - from));
                before = to;
                from = set.nextPresent(to);
            }
            return new Runs(set, count, bytes);
        }

        void encode(ByteBuffer out) {
            Varints.put(out, set.floor());
            Varints.put(out, count);
            long before = set.floor();
            for (int i = 0; i < count; i++) {
                long from = set.nextPresent(before);
                long to = set.nextAbsent(from);
                Varints.put(out, from - before);
                Varints.put(out, to - from);
                before = to;
            }
        }

        static void decode(ByteBuffer in, OffsetBitmap into) {
            long before = Varints.get(in);
            into.reset(before);
            for (long runs = Varints.get(in); runs > 0; runs--) {
                long from = before + Varints.get(in);
                before = from + Varints.get(in);
                into.add(from, before);
            }
        }
    }

    /**
     * @param in borrowed; read from its position to the snapshot's end, which may be followed by something else
     * @param state new, not open
     */
    static void decode(ByteBuffer in, QueueState state) {
        checkVersion(in);
        int flags = in.get();
        int attempt = (int) Varints.get(in);
        state.reset(attempt, (flags & PAUSED) != 0, (flags & SURVEYED) != 0);
        Runs.decode(in, state.done);
        Runs.decode(in, state.unacknowledged.removed);
        Runs.decode(in, state.unacknowledged.moved);
        long[] sessions = new long[(int) Varints.get(in) + 1];
        for (int i = 1; i < sessions.length; i++) {
            sessions[i] = in.getLong();
        }
        List<String> reasons = new ArrayList<>();
        for (long texts = Varints.get(in); texts > 0; texts--) {
            reasons.add(Reasons.get(in));
        }
        SnapshotRecords.decode(in, state, sessions, reasons);
        for (long answers = Varints.get(in); answers > 0; answers--) {
            state.answered(new Answered(in.getLong(), Varints.get(in), Varints.getSigned(in), Varints.get(in)));
        }
        if ((flags & HAS_SENT) != 0) {
            state.sent(Shipment.decode(in));
        }
    }
}
