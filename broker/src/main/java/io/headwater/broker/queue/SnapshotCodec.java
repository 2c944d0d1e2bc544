package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What a group knows, as a part of a CHECKPOINT. What is ready and was never touched takes no byte, and neither does the
 * order of delivery, which is derived. Numbers are unsigned LEB128 varints unless a type stands beside them.
 *
 * <pre>
 * version   u8 = 6
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
 * records   count of those with more to say, by offset, then of each:
 *             step from the record before it (of the first: from the floor)
 *             u8: bits 0 to 2 state, 3 suspect, 4 holds its key, 5 has a reason,
 *                 6 was scheduled and is more than WAITING for it, 7 does not become too old
 *             priority u8, deliveries, failures
 *             how the last attempt that has ended did so, u8: a {@link Cause}, 0: none has
 *             with a reason: place of its text in the list, from 0
 *             scheduled: when its producer wants it, wall ms
 *             READY (1): nothing. WAITING (2): due, wall ms. LEASED (3): place of the session in the list, 0 for a
 *             detached lease, else counted from 1; lease in ms. DEAD (4), MOVING (5): since when, wall ms; why it
 *             is kept, u8: a {@link Kept}
 * answers   count of the last requests of operators, then of each, the oldest first: as an ANSWERED of {@link QueueOps}
 * sent      if flags say so: the last batch, as a SENT of {@link QueueOps}; without runs: it is not under way any more
 * </pre>
 */
final class SnapshotCodec {
    static final int VERSION = 6;

    private static final int PAUSED = 1;
    private static final int SURVEYED = 2;
    private static final int HAS_SENT = 4;
    private static final int STATE_MASK = 0x07;
    private static final int SUSPECT = 0x08;
    private static final int HOLDS_KEY = 0x10;
    private static final int REASON = 0x20;
    private static final int SCHEDULED = 0x40;
    private static final int AGELESS = 0x80;
    private static final int HEAD_BYTES = 2 + 4 * Varints.MAX_BYTES;
    private static final int ANSWER_BYTES = Long.BYTES + 3 * Varints.MAX_BYTES;
    private static final int RECORD_BYTES = 4 + 7 * Varints.MAX_BYTES;

    private SnapshotCodec() {}

    static ByteBuffer encode(QueueState state) {
        long[] records = state.slots.offsetsBetween(0, Long.MAX_VALUE);
        Shared shared = new Shared();
        for (long offset : records) {
            shared.add(state, state.slots.find(offset));
        }
        Unacknowledged others = state.unacknowledged;
        List<Runs> sets = List.of(Runs.of(state.done), Runs.of(others.removed), Runs.of(others.moved));
        int bound = Math.addExact(
                Math.addExact(HEAD_BYTES, shared.bytes()), Math.multiplyExact(records.length, RECORD_BYTES));
        for (Runs set : sets) {
            bound = Math.addExact(bound, set.bytes());
        }
        Shipment underWay = state.shipment();
        Shipment shipment = underWay == null ? Shipment.none(state.lastShipment()) : underWay;
        bound = Math.addExact(bound, shipment.maxEncodedBytes() + Answers.MOST * ANSWER_BYTES);
        ByteBuffer out = ByteBuffer.allocate(bound);
        int flags = (state.isPaused() ? PAUSED : 0) | (state.isSurveyed() ? SURVEYED : 0);
        flags |= state.lastShipment() > 0 ? HAS_SENT : 0;
        out.put((byte) VERSION).put((byte) flags);
        Varints.put(out, state.highestAttempt());
        sets.forEach(set -> set.encode(out));
        shared.encode(out);
        Varints.put(out, records.length);
        long before = state.done.floor();
        for (long offset : records) {
            Varints.put(out, offset - before);
            before = offset;
            encode(out, state, state.slots.find(offset), shared);
        }
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

    /** What records have in common, in the order in which it first comes. */
    private static final class Shared {
        private final LongArrayList sessions = new LongArrayList();
        private final Long2LongHashMap placeOfSession = new Long2LongHashMap(0);
        private final Map<String, Integer> reasons = new LinkedHashMap<>();

        void add(QueueState state, int slot) {
            long session = state.slots.session(slot);
            if (state.slots.state(slot) == RecordState.LEASED
                    && session != SessionTable.DETACHED
                    && !placeOfSession.containsKey(session)) {
                sessions.addLong(session);
                placeOfSession.put(session, sessions.size());
            }
            String reason = state.reasons.of(slot);
            if (!reason.isEmpty()) {
                reasons.putIfAbsent(reason, reasons.size());
            }
        }

        int bytes() {
            return Math.addExact(
                    Math.multiplyExact(sessions.size(), Long.BYTES),
                    Math.multiplyExact(reasons.size(), Reasons.MAX_ENCODED_BYTES));
        }

        void encode(ByteBuffer out) {
            Varints.put(out, sessions.size());
            for (int i = 0; i < sessions.size(); i++) {
                out.putLong(sessions.getLong(i));
            }
            Varints.put(out, reasons.size());
            reasons.keySet().forEach(text -> Reasons.put(out, text));
        }

        long placeOfSession(long session) {
            return placeOfSession.get(session);
        }

        /** Null: it is empty. */
        @Nullable
        Integer placeOfReason(String reason) {
            return reasons.get(reason);
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

    private static void encode(ByteBuffer out, QueueState from, int slot, Shared shared) {
        SlotTable slots = from.slots;
        Integer reason = shared.placeOfReason(from.reasons.of(slot));
        RecordState state = slots.state(slot);
        long timeMs = slots.timeMs(slot);
        if (state == RecordState.READY && timeMs > 0) {
            // It has become due by a clock that a replay does not have.
            state = RecordState.WAITING;
        }
        int bits = state.id;
        bits |= slots.isSuspect(slot) ? SUSPECT : 0;
        bits |= slots.holdsKey(slot) ? HOLDS_KEY : 0;
        bits |= reason == null ? 0 : REASON;
        // Of one that has never been delivered it stands behind the state.
        boolean wasScheduled = slots.scheduledMs(slot) != 0 && !isScheduled(state, slots.deliveries(slot));
        bits |= wasScheduled ? SCHEDULED : 0;
        bits |= slots.isAgeless(slot) ? AGELESS : 0;
        out.put((byte) bits).put((byte) slots.priority(slot));
        Varints.put(out, slots.deliveries(slot));
        Varints.put(out, slots.failures(slot));
        out.put(slots.lastCause(slot));
        if (reason != null) {
            Varints.put(out, reason);
        }
        if (wasScheduled) {
            Varints.put(out, slots.scheduledMs(slot));
        }
        if (state == RecordState.WAITING) {
            Varints.put(out, timeMs);
        } else if (state == RecordState.LEASED) {
            Varints.put(out, shared.placeOfSession(slots.session(slot)));
            Varints.put(out, slots.leaseMs(slot));
        } else if (state == RecordState.DEAD || state == RecordState.MOVING) {
            Varints.put(out, timeMs);
            out.put((byte) slots.kept(slot));
        }
    }

    private static boolean isScheduled(RecordState state, int deliveries) {
        return state == RecordState.WAITING && deliveries == 0;
    }

    /**
     * @param in borrowed; read from its position to the snapshot's end, which may be followed by something else
     * @param state new, not open
     */
    static void decode(ByteBuffer in, QueueState state) {
        int version = in.get();
        if (version != VERSION) {
            throw new QueueFormatException("snapshot of a queue: version " + version + " (expected: " + VERSION + ")");
        }
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
        long before = state.done.floor();
        for (long records = Varints.get(in); records > 0; records--) {
            before += Varints.get(in);
            decodeRecord(in, state, before, sessions, reasons);
        }
        for (long answers = Varints.get(in); answers > 0; answers--) {
            state.answered(new Answered(in.getLong(), Varints.get(in), Varints.getSigned(in), Varints.get(in)));
        }
        if ((flags & HAS_SENT) != 0) {
            state.sent(Shipment.decode(in));
        }
    }

    private static void decodeRecord(ByteBuffer in, QueueState to, long offset, long[] sessions, List<String> reasons) {
        int bits = in.get() & 0xFF;
        RecordState state = RecordState.of(bits & STATE_MASK);
        SlotTable slots = to.slots;
        int slot = to.restore(offset, state);
        slots.suspect(slot, (bits & SUSPECT) != 0);
        slots.holdsKey(slot, (bits & HOLDS_KEY) != 0);
        slots.ageless(slot, (bits & AGELESS) != 0);
        slots.priority(slot, in.get());
        slots.deliveries(slot, (int) Varints.get(in));
        slots.failures(slot, (int) Varints.get(in));
        slots.lastCause(slot, in.get());
        if ((bits & REASON) != 0) {
            to.reasons.set(slot, reasons.get((int) Varints.get(in)), slots.capacity());
        }
        if ((bits & SCHEDULED) != 0) {
            slots.scheduledMs(slot, Varints.get(in));
        }
        if (state == RecordState.WAITING) {
            slots.timeMs(slot, Varints.get(in));
            if (isScheduled(state, slots.deliveries(slot))) {
                slots.scheduledMs(slot, slots.timeMs(slot));
            }
        } else if (state == RecordState.LEASED) {
            long session = sessions[(int) Varints.get(in)];
            slots.lease(slot, session, (int) Varints.get(in));
            to.sessions.took(session, slots.isSuspect(slot));
        } else if (state == RecordState.DEAD || state == RecordState.MOVING) {
            slots.timeMs(slot, Varints.get(in));
            slots.kept(slot, in.get());
        }
    }
}
