package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The records of a snapshot, by offset: neighbours that differ in their times only are one run, so that a million that wait
 * for their time take a byte or two each.
 */
final class SnapshotRecords {
    private static final int STATE_MASK = 0x07;
    private static final int SUSPECT = 0x08;
    private static final int HOLDS_KEY = 0x10;
    private static final int REASON = 0x20;
    private static final int SCHEDULED = 0x40;
    private static final int AGELESS = 0x80;
    /** Of a run without its times. */
    private static final int RUN_BYTES = 4 + 7 * Varints.MAX_BYTES;

    private static final int TIMES_BYTES = 2 * Varints.MAX_BYTES;

    private SnapshotRecords() {}

    /** What all records of a run have, and the times of one of them. */
    private static final class Row {
        RecordState state = RecordState.READY;
        int bits;
        int priority;
        int deliveries;
        int failures;
        byte cause;
        int reason;
        long session;
        int leaseMs;
        byte kept;
        long scheduledMs;
        long timeMs;

        void load(QueueState from, int slot, SnapshotShared shared) {
            SlotTable slots = from.slots;
            state = slots.state(slot);
            loadTimes(slots, slot);
            if (state == RecordState.READY && timeMs > 0) {
                // It has become due by a clock that a replay does not have.
                state = RecordState.WAITING;
            }
            priority = slots.priority(slot);
            deliveries = slots.deliveries(slot);
            failures = slots.failures(slot);
            cause = slots.lastCause(slot);
            reason = shared.placeOfReason(from.reasons.of(slot));
            boolean leased = state == RecordState.LEASED;
            session = leased ? shared.placeOfSession(slots.session(slot)) : 0;
            leaseMs = leased ? slots.leaseMs(slot) : 0;
            kept = isOver() ? (byte) slots.kept(slot) : 0;
            bits = state.id;
            bits |= slots.isSuspect(slot) ? SUSPECT : 0;
            bits |= slots.holdsKey(slot) ? HOLDS_KEY : 0;
            bits |= reason == SnapshotShared.NONE ? 0 : REASON;
            bits |= scheduledMs != 0 && !isScheduled() ? SCHEDULED : 0;
            bits |= slots.isAgeless(slot) ? AGELESS : 0;
        }

        void loadTimes(SlotTable slots, int slot) {
            timeMs = slots.timeMs(slot);
            scheduledMs = slots.scheduledMs(slot);
        }

        void store(QueueState to, long offset, String itsReason) {
            SlotTable slots = to.slots;
            int slot = to.restore(offset, state);
            slots.suspect(slot, (bits & SUSPECT) != 0);
            slots.holdsKey(slot, (bits & HOLDS_KEY) != 0);
            slots.ageless(slot, (bits & AGELESS) != 0);
            slots.priority(slot, priority);
            slots.deliveries(slot, deliveries);
            slots.failures(slot, failures);
            slots.lastCause(slot, cause);
            if (!itsReason.isEmpty()) {
                to.reasons.set(slot, itsReason, slots.capacity());
            }
            if (state == RecordState.LEASED) {
                slots.lease(slot, session, leaseMs);
                to.sessions.took(session, slots.isSuspect(slot));
            }
            slots.kept(slot, kept);
            slots.timeMs(slot, timeMs);
            slots.scheduledMs(slot, scheduledMs);
        }

        private boolean isOver() {
            return state == RecordState.DEAD || state == RecordState.MOVING;
        }

        /** Never delivered yet: when it is wanted is when it is due. */
        private boolean isScheduled() {
            return state == RecordState.WAITING && deliveries == 0;
        }

        boolean isLike(Row other) {
            return bits == other.bits
                    && priority == other.priority
                    && deliveries == other.deliveries
                    && failures == other.failures
                    && cause == other.cause
                    && reason == other.reason
                    && session == other.session
                    && leaseMs == other.leaseMs
                    && kept == other.kept;
        }

        void encode(ByteBuffer out) {
            out.put((byte) bits).put((byte) priority);
            Varints.put(out, deliveries);
            Varints.put(out, failures);
            out.put(cause);
            if (reason != SnapshotShared.NONE) {
                Varints.put(out, reason);
            }
            if (state == RecordState.LEASED) {
                Varints.put(out, session);
                Varints.put(out, leaseMs);
            } else if (isOver()) {
                out.put(kept);
            }
        }

        void decode(ByteBuffer in, long[] sessions) {
            bits = in.get() & 0xFF;
            state = RecordState.of(bits & STATE_MASK);
            priority = in.get();
            deliveries = (int) Varints.get(in);
            failures = (int) Varints.get(in);
            cause = in.get();
            reason = (bits & REASON) == 0 ? SnapshotShared.NONE : (int) Varints.get(in);
            session = state == RecordState.LEASED ? sessions[(int) Varints.get(in)] : 0;
            leaseMs = state == RecordState.LEASED ? (int) Varints.get(in) : 0;
            kept = isOver() ? in.get() : 0;
        }

        boolean hasTime() {
            return state == RecordState.WAITING || isOver();
        }
    }

    /** The last times, which the next ones are steps from. */
    private static final class Times {
        private long scheduledMs;
        private long timeMs;

        void encode(ByteBuffer out, Row row) {
            if ((row.bits & SCHEDULED) != 0) {
                Varints.putSigned(out, row.scheduledMs - scheduledMs);
                scheduledMs = row.scheduledMs;
            }
            if (row.hasTime()) {
                Varints.putSigned(out, row.timeMs - timeMs);
                timeMs = row.timeMs;
            }
        }

        void decode(ByteBuffer in, Row row) {
            row.scheduledMs = 0;
            if ((row.bits & SCHEDULED) != 0) {
                scheduledMs += Varints.getSigned(in);
                row.scheduledMs = scheduledMs;
            }
            row.timeMs = 0;
            if (row.hasTime()) {
                timeMs += Varints.getSigned(in);
                row.timeMs = timeMs;
            }
            if (row.isScheduled()) {
                row.scheduledMs = row.timeMs;
            }
        }
    }

    /**
     * @param buffer to go on in
     * @return the buffer to go on with: another one if there was no room
     */
    static ByteBuffer encode(ByteBuffer buffer, QueueState from, int[] slotsByOffset, SnapshotShared shared) {
        ByteBuffer out = roomFor(buffer, Varints.MAX_BYTES);
        Varints.put(out, slotsByOffset.length);
        Row row = new Row();
        Row other = new Row();
        Times times = new Times();
        long before = from.done.floor();
        for (int at = 0; at < slotsByOffset.length; ) {
            long first = from.slots.offset(slotsByOffset[at]);
            row.load(from, slotsByOffset[at], shared);
            int end = at + 1;
            while (end < slotsByOffset.length && from.slots.offset(slotsByOffset[end]) == first + end - at) {
                other.load(from, slotsByOffset[end], shared);
                if (!other.isLike(row)) {
                    break;
                }
                end++;
            }
            out = roomFor(out, RUN_BYTES);
            Varints.put(out, first - before);
            Varints.put(out, end - at);
            row.encode(out);
            before = first + end - at;
            for (; at < end; at++) {
                out = roomFor(out, TIMES_BYTES);
                row.loadTimes(from.slots, slotsByOffset[at]);
                times.encode(out, row);
            }
        }
        return out;
    }

    /** The same bytes with room for so many more: in the same buffer if there is. */
    static ByteBuffer roomFor(ByteBuffer out, int bytes) {
        if (out.remaining() >= bytes) {
            return out;
        }
        int capacity = Math.addExact(out.capacity(), Math.max(out.capacity(), bytes));
        return ByteBuffer.allocate(capacity).put(out.flip());
    }

    static void decode(ByteBuffer in, QueueState to, long[] sessions, List<String> reasons) {
        Row row = new Row();
        Times times = new Times();
        long offset = to.done.floor();
        for (long left = Varints.get(in); left > 0; ) {
            offset += Varints.get(in);
            long length = Varints.get(in);
            if (length < 1 || length > left) {
                throw new QueueFormatException(
                        "snapshot of a queue: a run of " + length + " records, of " + left + " that are left");
            }
            row.decode(in, sessions);
            String reason = row.reason == SnapshotShared.NONE ? "" : reasons.get(row.reason);
            for (long end = offset + length; offset < end; offset++) {
                times.decode(in, row);
                row.store(to, offset, reason);
            }
            left -= length;
        }
    }
}
