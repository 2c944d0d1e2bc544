package io.headwater.broker.queue;

import io.headwater.broker.queue.Explanation.Reason;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks and changes nothing. */
final class Inspector {
    /** For one selection: an owner does not stand still for it. */
    private static final int MOST_LOOKED = 1 << 16;

    private final QueueState state;

    Inspector(QueueState state) {
        this.state = state;
    }

    Counts counts() {
        long outstanding = Math.max(0, state.order().end() - state.done.floor() - state.done.size());
        int waiting = state.count(RecordState.WAITING);
        int leased = state.count(RecordState.LEASED);
        int dead = state.count(RecordState.DEAD);
        int moving = state.count(RecordState.MOVING);
        return new Counts(Math.max(0, outstanding - waiting - leased - dead - moving), waiting, leased, dead, moving);
    }

    Explanation explain(long offset, @Nullable KeyedOrder keyed) {
        SlotTable slots = state.slots;
        int slot = slots.find(offset);
        RecordState now = state.stateOf(offset);
        long behind = keyed == null ? KeyTable.NO_OFFSET : behind(offset, now, keyed);
        Reason reason = reason(now, slot, behind, keyed);
        if (slot == SlotTable.ABSENT) {
            return new Explanation(reason, 0, 0, SlotTable.DEFAULT_PRIORITY, null, "", 0, 0, 0, behind);
        }
        boolean timed = now == RecordState.LEASED || now == RecordState.WAITING;
        return new Explanation(
                reason,
                slots.deliveries(slot),
                slots.failures(slot),
                slots.priority(slot),
                slots.lastCause(slot) == 0 ? null : Cause.of(slots.lastCause(slot)),
                state.reasons.of(slot),
                now == RecordState.LEASED ? slots.session(slot) : 0,
                now == RecordState.LEASED ? state.heldSinceMs(slot) : 0,
                timed ? slots.timeMs(slot) : 0,
                behind);
    }

    private Reason reason(RecordState now, int slot, long behind, @Nullable KeyedOrder keyed) {
        return switch (now) {
            case DONE -> Reason.DONE;
            case UNCOMMITTED -> Reason.UNCOMMITTED;
            case LEASED -> Reason.LEASED;
            case DEAD -> Reason.DEAD;
            case MOVING -> Reason.MOVING;
            case WAITING -> state.slots.deliveries(slot) == 0 ? Reason.SCHEDULED : Reason.BACKOFF;
            case READY -> {
                if (keyed != null && behind != KeyTable.NO_OFFSET) {
                    boolean held = keyed.holder(keyed.keyOf(behind)) == behind;
                    yield held ? Reason.KEY_HELD : Reason.KEY_ORDER;
                }
                if (state.isPaused()) {
                    yield Reason.PAUSED;
                }
                yield slot != SlotTable.ABSENT && state.slots.isSuspect(slot) ? Reason.SUSPECT : Reason.ELIGIBLE;
            }
        };
    }

    private static long behind(long offset, RecordState now, KeyedOrder keyed) {
        if (now != RecordState.READY && now != RecordState.LEASED) {
            return KeyTable.NO_OFFSET;
        }
        int key = keyed.keyOf(offset);
        long first = keyed.holder(key) == KeyTable.NO_OFFSET ? keyed.head(key) : keyed.holder(key);
        return first == offset ? KeyTable.NO_OFFSET : first;
    }

    /** The first that is ready from an offset on, or {@link ReadyOrder#NONE}. */
    private long nextReady(long from, long mostLooked) {
        long end = state.order().end();
        long looked = 0;
        for (long at = state.done.nextAbsent(from);
                at < end && looked < mostLooked;
                at = state.done.nextAbsent(at + 1), looked++) {
            int slot = state.slots.find(at);
            if (slot == SlotTable.ABSENT || state.slots.state(slot) == RecordState.READY) {
                return at;
            }
        }
        return ReadyOrder.NONE;
    }

    long oldestReady(long mostLooked) {
        long oldest = nextReady(state.done.floor(), mostLooked);
        return oldest == ReadyOrder.NONE ? -1 : oldest;
    }

    Selection select(Set<RecordState> states, long from, long until, int max) {
        long end = Math.min(until, state.order().end());
        boolean touched = !states.contains(RecordState.READY) && !states.contains(RecordState.DONE);
        return touched && state.slots.size() <= MOST_LOOKED
                ? selectTouched(states, from, end, max)
                : selectAny(states, from, end, max);
    }

    /** Those of which there is something to tell, where they are few. */
    private Selection selectTouched(Set<RecordState> states, long from, long end, int max) {
        long[] found = new long[Math.min(max, state.slots.size())];
        int count = 0;
        for (long offset : state.slots.offsetsBetween(from, end)) {
            if (states.contains(state.slots.state(state.slots.find(offset)))) {
                if (count == found.length) {
                    return Selection.of(found, count, offset);
                }
                found[count++] = offset;
            }
        }
        return Selection.of(found, count, Selection.NO_MORE);
    }

    private Selection selectAny(Set<RecordState> states, long from, long end, int max) {
        OffsetBitmap done = state.done;
        boolean wantsDone = states.contains(RecordState.DONE);
        boolean wantsOthers = states.size() > (wantsDone ? 1 : 0);
        long[] found = new long[Math.min(max, MOST_LOOKED)];
        int count = 0;
        long at = from;
        for (int looked = 0; looked < MOST_LOOKED; looked++) {
            if (!wantsDone) {
                at = done.nextAbsent(at);
            } else if (!wantsOthers) {
                at = done.contains(at) ? state.unacknowledged.next(at) : done.nextPresent(at);
            }
            if (at >= end) {
                return Selection.of(found, count, Selection.NO_MORE);
            }
            if (isWanted(states, at)) {
                if (count == found.length) {
                    break;
                }
                found[count++] = at;
            }
            at++;
        }
        return Selection.of(found, count, at);
    }

    private boolean isWanted(Set<RecordState> states, long offset) {
        RecordState now = state.stateOf(offset);
        return states.contains(now) && (now != RecordState.DONE || state.isAcknowledged(offset));
    }
}
