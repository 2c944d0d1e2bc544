package io.headwater.broker.queue;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What people and the mover of records do with them. Each takes a half-open range of offsets. */
final class Operator {
    private final QueueState state;
    private final Decisions decisions;

    Operator(QueueState state, Decisions decisions) {
        this.state = state;
        this.decisions = decisions;
    }

    /** By rising offsets, as below: a key's line is walked once for all of them. Returns how many. */
    int redrive(long[] offsets) {
        int redriven = 0;
        state.order().rising(true);
        for (long offset : offsets) {
            int slot = state.slots.find(offset);
            if (slot != SlotTable.ABSENT && state.slots.state(slot) == RecordState.DEAD) {
                decisions.redriven(offset, 1);
                redriven++;
            }
        }
        state.order().rising(false);
        return redriven;
    }

    /** Returns how many. What is leased stays with its holder. */
    long purge(Set<RecordState> states, long from, long to) {
        for (RecordState each : states) {
            if (each != RecordState.READY && each != RecordState.WAITING && each != RecordState.DEAD) {
                throw new IllegalArgumentException("purge: " + each + " (expected: READY, WAITING or DEAD)");
            }
        }
        state.order().rising(true);
        long purged = purgeRange(states, from, to);
        state.order().rising(false);
        return purged;
    }

    /** Returns how many. */
    long purge(Set<RecordState> states, long[] offsets) {
        long purged = 0;
        state.order().rising(true);
        for (long offset : offsets) {
            purged += purgeRange(states, offset, offset + 1);
        }
        state.order().rising(false);
        return purged;
    }

    private long purgeRange(Set<RecordState> states, long from, long to) {
        long end = Math.min(to, state.order().end());
        long purged = 0;
        long gap = from;
        for (long offset : state.slots.offsetsBetween(from, end)) {
            purged += states.contains(RecordState.READY) ? purgeUntouched(gap, offset) : 0;
            gap = offset + 1;
            if (states.contains(state.slots.state(state.slots.find(offset)))) {
                decisions.removed(offset, 1);
                purged++;
            }
        }
        return purged + (states.contains(RecordState.READY) ? purgeUntouched(gap, end) : 0);
    }

    private long purgeUntouched(long from, long to) {
        long purged = 0;
        long at = state.done.nextAbsent(from);
        while (at < to) {
            long runEnd = Math.min(to, state.done.nextPresent(at));
            decisions.removed(at, runEnd - at);
            purged += runEnd - at;
            at = state.done.nextAbsent(runEnd);
        }
        return purged;
    }

    /** Returns how many: what was not acknowledged stays as it is. */
    int replay(List<Again> records, @Nullable KeyedOrder keyed) {
        int replayed = 0;
        state.order().rising(true);
        for (Again record : records) {
            long offset = record.offset();
            if (offset < state.order().end() && state.isAcknowledged(offset)) {
                if (keyed != null) {
                    keyed.revive(offset, record.keyHash());
                }
                decisions.replayed(offset, 1, state.highestAttempt(), record.priority(), record.dueMs());
                replayed++;
            }
        }
        state.order().rising(false);
        return replayed;
    }

    /** Returns how many. */
    int cancel(long[] offsets) {
        int cancelled = 0;
        state.order().rising(true);
        for (long offset : offsets) {
            cancelled += cancel(offset) ? 1 : 0;
        }
        state.order().rising(false);
        return cancelled;
    }

    private boolean cancel(long offset) {
        int slot = state.slots.find(offset);
        boolean scheduled = slot != SlotTable.ABSENT
                && state.slots.state(slot) == RecordState.WAITING
                && state.slots.deliveries(slot) == 0
                && offset < state.order().end();
        if (scheduled) {
            decisions.removed(offset, 1);
        }
        return scheduled;
    }

    void send(Shipment.Cargo cargo, long partitionId, long[] offsets) {
        RecordState[] before = new RecordState[offsets.length];
        long[] timesMs = new long[offsets.length];
        for (int i = 0; i < offsets.length; i++) {
            long offset = offsets[i];
            if (cargo == Shipment.Cargo.DEAD_LETTERS) {
                requireMoving(offset);
            }
            int slot = state.slots.find(offset);
            timesMs[i] = slot == SlotTable.ABSENT ? 0 : state.slots.timeMs(slot);
            before[i] = movable(offset, timesMs[i]);
        }
        decisions.sent(new Shipment(state.lastShipment() + 1, partitionId, cargo, offsets, before, timesMs));
    }

    /** What a record is that may go, as a replay knows it. */
    private RecordState movable(long offset, long timeMs) {
        RecordState now = stateOf(offset);
        return switch (now) {
            // What became due by the clock waits until then, as far as the log knows.
            case READY -> timeMs > 0 ? RecordState.WAITING : now;
            case WAITING, DEAD, MOVING -> now;
            case LEASED, DONE, UNCOMMITTED ->
                throw new IllegalArgumentException(
                        "record " + offset + ": " + now + " (expected: READY, WAITING, DEAD or MOVING)");
        };
    }

    /** Null: nothing is under way. */
    @Nullable
    Shipment recall() {
        Shipment shipment = state.shipment();
        if (shipment != null) {
            decisions.sent(Shipment.none(shipment.number()));
        }
        return shipment;
    }

    void arrived() {
        Shipment shipment = state.shipment();
        if (shipment == null) {
            throw new IllegalStateException("queue: nothing is on its way to another topic");
        }
        decisions.arrived(shipment.number());
    }

    void keep(long offset, Kept why) {
        requireMoving(offset);
        decisions.kept(offset, 1, why);
    }

    private void requireMoving(long offset) {
        RecordState now = stateOf(offset);
        if (now != RecordState.MOVING) {
            throw new IllegalArgumentException(
                    "record " + offset + ": " + now + " (expected: " + RecordState.MOVING + ")");
        }
    }

    /** Also where a keyed group without room for keys has not been told of the record: its slot knows. */
    private RecordState stateOf(long offset) {
        int slot = state.slots.find(offset);
        return slot == SlotTable.ABSENT ? state.stateOf(offset) : state.slots.state(slot);
    }

    Death death(long offset) {
        SlotTable slots = state.slots;
        int slot = slots.find(offset);
        if (slot == SlotTable.ABSENT) {
            return new Death(0, 0, SlotTable.DEFAULT_PRIORITY, 0, null, "", Kept.NOT);
        }
        byte cause = slots.lastCause(slot);
        return new Death(
                slots.deliveries(slot),
                slots.failures(slot),
                slots.priority(slot),
                slots.timeMs(slot),
                cause == 0 ? null : Cause.of(cause),
                state.reasons.of(slot),
                Kept.of(slots.kept(slot)));
    }

    void pause() {
        if (!state.isPaused()) {
            decisions.paused();
        }
    }

    void resume() {
        if (state.isPaused()) {
            decisions.resumed();
        }
    }
}
