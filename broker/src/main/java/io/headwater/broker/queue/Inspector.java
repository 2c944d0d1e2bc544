package io.headwater.broker.queue;

import io.headwater.broker.queue.Explanation.Reason;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Looks and changes nothing. */
final class Inspector {
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
        if (now != RecordState.READY) {
            return KeyTable.NO_OFFSET;
        }
        int key = keyed.keyOf(offset);
        if (keyed.holder(key) != KeyTable.NO_OFFSET) {
            return keyed.holder(key);
        }
        return keyed.head(key) == offset ? KeyTable.NO_OFFSET : keyed.head(key);
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

    long[] browse(RecordState wanted, long from, int max) {
        long[] found = new long[max];
        int count = 0;
        if (wanted == RecordState.READY) {
            for (long at = nextReady(from, Long.MAX_VALUE);
                    at != ReadyOrder.NONE && count < max;
                    at = nextReady(at + 1, Long.MAX_VALUE)) {
                found[count++] = at;
            }
        } else if (state.count(wanted) > 0) {
            for (long offset : state.slots.offsetsBetween(from, state.order().end())) {
                if (count < max && state.slots.state(state.slots.find(offset)) == wanted) {
                    found[count++] = offset;
                }
            }
        }
        return Arrays.copyOf(found, count);
    }
}
