package io.headwater.broker.queue;

import java.util.function.BooleanSupplier;

/**
 * Which records have become too old, and die of it. A record ages from when it came into the log, or, where its producer
 * wanted it later, from then; what is leased when it becomes too old dies when it comes back. What was redriven does not
 * age.
 *
 * <p>Times in the log never fall, so that all that came too long ago stands below one offset, which a cursor follows:
 * no record is looked at twice. Scheduled records behind the cursor are in a line of their own, by when they became due.
 */
final class Ageing {
    /** Lets a record die of its age, at a wall time. */
    @FunctionalInterface
    interface Burying {
        void of(long offset, long wallMs);
    }

    /** Of one turn. */
    private static final int MOST_LOOKED = 20_000;

    private final QueueState state;
    private final MemoryCap cap;
    private final Burying bury;
    /** Records below came too long ago. */
    private long tooOldBefore;
    /** So did those that were wanted before this wall time. */
    private long dueBeforeMs;
    /** All below have been looked at since they came too long ago. */
    private long walked;

    /** @param bury lets a record die of its age */
    Ageing(QueueState state, MemoryCap cap, Burying bury) {
        this.state = state;
        this.cap = cap;
        this.bury = bury;
    }

    /** Nothing is too old any more. */
    void stop() {
        tooOldBefore = 0;
        dueBeforeMs = 0;
        walked = 0;
        state.forgetWoken();
    }

    /**
     * Buries what has become too old, or a part of it. Both bounds never fall.
     *
     * @return true: there is more to do
     */
    boolean advance(long newTooOldBefore, long newDueBeforeMs, long wallMs, BooleanSupplier mayGoOn) {
        tooOldBefore = Math.max(tooOldBefore, newTooOldBefore);
        dueBeforeMs = Math.max(dueBeforeMs, newDueBeforeMs);
        Woken woken = state.keepWoken();
        int looked = 0;
        while (looked < MOST_LOOKED && mayGoOn.getAsBoolean()) {
            int slot = woken.pollBefore(dueBeforeMs);
            if (slot == SlotTable.ABSENT) {
                break;
            }
            buryIfTooOld(state.slots.offset(slot), wallMs);
            looked++;
        }
        long end = Math.min(tooOldBefore, state.order().end());
        long at = state.done.nextAbsent(Math.max(walked, state.done.floor()));
        while (at < end && looked < MOST_LOOKED && mayGoOn.getAsBoolean()) {
            if (state.slots.find(at) == SlotTable.ABSENT && !cap.admitsGrant()) {
                // A dead record takes heap: the others stay ready until there is some.
                walked = at;
                return false;
            }
            buryIfTooOld(at, wallMs);
            looked++;
            at = state.done.nextAbsent(at + 1);
        }
        walked = Math.max(walked, Math.min(at, end));
        return looked == MOST_LOOKED;
    }

    private void buryIfTooOld(long offset, long wallMs) {
        int slot = state.slots.find(offset);
        boolean waits = slot == SlotTable.ABSENT
                || state.slots.state(slot) == RecordState.READY
                || (state.slots.state(slot) == RecordState.WAITING && !state.isScheduled(slot));
        if (!state.done.contains(offset) && waits && isTooOld(offset)) {
            bury.of(offset, wallMs);
        }
    }

    /** Whether a record that is not leased, not dead and not scheduled is to die. */
    boolean isTooOld(long offset) {
        if (offset >= tooOldBefore) {
            return false;
        }
        int slot = state.slots.find(offset);
        return slot == SlotTable.ABSENT
                || (!state.slots.isAgeless(slot)
                        && (state.slots.scheduledMs(slot) == 0 || state.slots.scheduledMs(slot) < dueBeforeMs));
    }
}
