package io.headwater.broker.queue;

import io.headwater.broker.queue.SessionTable.Session;
import java.util.function.BooleanSupplier;
import java.util.function.LongUnaryOperator;
import org.agrona.collections.Long2LongHashMap;

/** How attempts end: by their holder's word, by the clock, or with their session. */
final class Attempts {
    /** The consumer does not say how long to wait. */
    static final long AS_THE_GROUP_SAYS = -1;

    private final QueueState state;
    private final Decisions decisions;
    private final LongUnaryOperator random;
    private final MemoryCap cap;
    private final Ageing ageing;
    private QueuePolicy policy;

    Attempts(QueueState state, Decisions decisions, LongUnaryOperator random, MemoryCap cap, QueuePolicy policy) {
        this.state = state;
        this.decisions = decisions;
        this.random = random;
        this.cap = cap;
        this.policy = policy;
        this.ageing = new Ageing(state, cap, (offset, wallMs) -> bury(offset, tooOld(offset), wallMs));
    }

    Ageing ageing() {
        return ageing;
    }

    void policy(QueuePolicy newPolicy) {
        policy = newPolicy;
    }

    Settled settle(Settle settle, long wallMs) {
        long offset = settle.offset();
        int slot = state.slots.find(offset);
        if (slot == SlotTable.ABSENT) {
            boolean acked = settle.verb() == Verb.ACK && state.done.contains(offset);
            return acked ? Settled.REPEATED : Settled.STALE;
        }
        boolean leased = state.slots.state(slot) == RecordState.LEASED;
        int last = state.slots.deliveries(slot);
        if (!leased || settle.attempt() != last) {
            int ended = leased ? last - 1 : last;
            boolean again = settle.attempt() == ended && Cause.verbOf(state.slots.lastCause(slot)) == settle.verb().id;
            return again ? Settled.REPEATED : Settled.STALE;
        }
        switch (settle.verb()) {
            case ACK -> decisions.acked(offset, 1);
            case RELEASE -> giveBack(slot, Cause.RELEASED, settle.delayMs(), wallMs);
            case FAIL -> charge(slot, Cause.FAILED, kept(settle.reason()), settle.delayMs(), wallMs);
            case REJECT ->
                bury(offset, new Ending(state.slots.failures(slot), Cause.REJECTED, kept(settle.reason())), wallMs);
            case EXTEND -> decisions.extended(offset, 1, (int) settle.delayMs());
        }
        if (settle.verb() != Verb.ACK && settle.verb() != Verb.EXTEND) {
            takeKeyBack(offset, wallMs);
        }
        return Settled.APPLIED;
    }

    /** Leases that have run out, then sessions that did not come back. */
    void advance(Now now, BooleanSupplier mayGoOn) {
        SlotTable slots = state.slots;
        long nowMs = now.monotonicMs();
        for (int slot = state.timers.expired(nowMs);
                slot != SlotTable.ABSENT && mayGoOn.getAsBoolean();
                slot = state.timers.expired(nowMs)) {
            long offset = slots.offset(slot);
            Session session = state.sessions.find(slots.session(slot));
            if (session != null && session.isLost()) {
                lost(slot, session.wasLostWithSeveral(), now.wallMs());
            } else {
                charge(slot, Cause.EXPIRED, "", AS_THE_GROUP_SAYS, now.wallMs());
            }
            takeKeyBack(offset, now.wallMs());
        }
        for (Session gone = state.sessions.gone(nowMs);
                gone != null && mayGoOn.getAsBoolean();
                gone = state.sessions.gone(nowMs)) {
            boolean several = gone.wasLostWithSeveral();
            for (long offset : state.timers.leasedBy(gone.id)) {
                lost(slots.find(offset), several, now.wallMs());
            }
        }
    }

    /** In order: all that it holds returns at once. */
    void sessionClosed(long session, long wallMs) {
        for (long offset : state.timers.leasedBy(session)) {
            giveBack(state.slots.find(offset), Cause.CLOSED, 0, wallMs);
        }
    }

    /** What of its leases is not among these returns at once. */
    void sessionHolds(long session, Long2LongHashMap held, long wallMs) {
        if (state.sessions.leasesOf(session) == 0) {
            return;
        }
        for (long offset : state.timers.leasedBy(session)) {
            int slot = state.slots.find(offset);
            boolean isHeld =
                    state.slots.state(slot) != RecordState.LEASED || held.get(offset) == state.slots.deliveries(slot);
            if (!isHeld) {
                giveBack(slot, Cause.CLOSED, 0, wallMs);
                takeKeyBack(offset, wallMs);
            }
        }
    }

    /**
     * What its holder has of the key behind a record that ended without an acknowledgement comes back too: it is to be
     * worked on behind that one, by whoever gets it.
     */
    private void takeKeyBack(long offset, long wallMs) {
        long next = state.order().heldBehind(offset);
        while (next != ReadyOrder.NONE) {
            giveBack(state.slots.find(next), Cause.KEY_TAKEN_BACK, 0, wallMs);
            next = state.order().heldBehind(offset);
        }
    }

    private void lost(int slot, boolean amongOthers, long wallMs) {
        if (amongOthers) {
            giveBack(slot, Cause.LOST_AMONG_OTHERS, 0, wallMs);
        } else {
            charge(slot, Cause.LOST_ALONE, "", AS_THE_GROUP_SAYS, wallMs);
        }
    }

    private void giveBack(int slot, Cause cause, long delayMs, long wallMs) {
        returned(slot, new Ending(state.slots.failures(slot), cause, ""), Math.max(0, delayMs), wallMs);
    }

    /** What of a reason goes into the log, so that a replay has nothing to decide. */
    private String kept(String reason) {
        String text = Reasons.cut(reason);
        return cap.admitsReason(text) ? text : Reasons.TOO_MANY;
    }

    private void charge(int slot, Cause cause, String reason, long delayMs, long wallMs) {
        int failures = state.slots.failures(slot) + 1;
        if (policy.maxFailures() > 0 && failures >= policy.maxFailures()) {
            bury(state.slots.offset(slot), new Ending(failures, cause, reason), wallMs);
        } else {
            long delay = delayMs == AS_THE_GROUP_SAYS ? policy.backoff().delayMs(failures, random) : delayMs;
            returned(slot, new Ending(failures, cause, reason), delay, wallMs);
        }
    }

    private void returned(int slot, Ending ending, long delayMs, long wallMs) {
        long offset = state.slots.offset(slot);
        decisions.returned(offset, 1, ending, delayMs == 0 ? 0 : wallMs + delayMs);
        if (ageing.isTooOld(offset)) {
            bury(offset, tooOld(offset), wallMs);
        }
    }

    /** Records that were on their way to another topic are back: some became too old meanwhile. */
    void cameBack(Shipment shipment, long wallMs) {
        for (int i = 0; i < shipment.size(); i++) {
            long offset = shipment.offset(i);
            int slot = state.slots.find(offset);
            boolean waits = slot != SlotTable.ABSENT
                    && (state.slots.state(slot) == RecordState.READY
                            || (state.slots.state(slot) == RecordState.WAITING && !state.isScheduled(slot)));
            if (waits && ageing.isTooOld(offset)) {
                bury(offset, tooOld(offset), wallMs);
            }
        }
    }

    private Ending tooOld(long offset) {
        int slot = state.slots.find(offset);
        return new Ending(slot == SlotTable.ABSENT ? 0 : state.slots.failures(slot), Cause.TOO_OLD, "");
    }

    /** The one way in which records die. */
    private void bury(long offset, Ending ending, long wallMs) {
        decisions.died(offset, 1, ending, policy.burial(), wallMs);
        if (policy.onDead() == OnDead.STOP && !state.isPaused()) {
            decisions.paused();
        }
    }
}
