package io.headwater.broker.work;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Settled;
import io.headwater.broker.queue.Verb;
import io.headwater.protocol.wire.HeldLeases;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.SettleProblem;
import io.headwater.protocol.wire.Settlement;
import org.agrona.collections.Long2LongHashMap;

/** What consumers say about their leases: checked as a whole, then done one by one. */
final class Settlements {
    /** Of one request: its answer may be longer than the question. */
    private static final int MOST_LEASES = 10_000;
    /** Of a consumer that comes back. */
    private static final int MOST_HELD = 100_000;
    /** Ten years: whoever wants more has made a mistake. */
    private static final long MAX_DELAY_MS = 10L * 365 * 24 * 3_600_000;

    private static final long AS_THE_GROUP_SAYS = -1;

    private Settlements() {}

    /** @throws RequestFailedException if something makes no sense; then nothing has changed */
    static QueueSettleReply settle(QueueEngine engine, QueueSettle request, Now now, QueueOps ops)
            throws RequestFailedException {
        long leases = 0;
        for (Settlement settlement : request.getSettlementsList()) {
            check(settlement);
            leases += settlement.getOffsetStepsCount();
        }
        if (leases > MOST_LEASES) {
            throw QueueDesk.invalid("leases: " + leases + " in one request (expected: at most " + MOST_LEASES + ")");
        }
        QueueSettleReply.Builder reply = QueueSettleReply.newBuilder();
        for (int i = 0; i < request.getSettlementsCount(); i++) {
            settle(engine, request.getSettlements(i), i, now, ops, reply);
        }
        return reply.build();
    }

    /** What a consumer says that it holds: the latest attempt by offset. */
    static Long2LongHashMap held(HeldLeases leases) throws RequestFailedException {
        int offsets = leases.getOffsetStepsCount();
        if (offsets > MOST_HELD) {
            throw QueueDesk.invalid(
                    "held: " + offsets + " leases (expected: at most " + MOST_HELD + "; unset where there are more)");
        }
        checkAttempts(leases.getAttemptsCount(), offsets);
        Long2LongHashMap held = new Long2LongHashMap(0);
        long offset = 0;
        for (int i = 0; i < offsets; i++) {
            offset += leases.getOffsetSteps(i);
            long attempt = leases.getAttemptsCount() == 0 ? 1 : leases.getAttempts(i);
            if (attempt > held.get(offset)) {
                held.put(offset, attempt);
            }
        }
        return held;
    }

    private static void checkAttempts(int attempts, int offsets) throws RequestFailedException {
        if (attempts != 0 && attempts != offsets) {
            throw QueueDesk.invalid(
                    "attempts: " + attempts + " (expected: none, or one for each of " + offsets + " offsets)");
        }
    }

    private static void check(Settlement settlement) throws RequestFailedException {
        checkAttempts(settlement.getAttemptsCount(), settlement.getOffsetStepsCount());
        long delayMs = settlement.getDelayMs();
        switch (settlement.getVerb()) {
            case VERB_ACK, VERB_REJECT -> {}
            case VERB_RELEASE, VERB_FAIL -> {
                if (delayMs < 0 || delayMs > MAX_DELAY_MS) {
                    throw QueueDesk.invalid("delay_ms: " + delayMs + " (expected: 0 to " + MAX_DELAY_MS + ")");
                }
            }
            case VERB_EXTEND -> {
                if (delayMs < QueueGroupInfo.MIN_LEASE_MS || delayMs > QueueGroupInfo.MAX_LEASE_MS) {
                    throw QueueDesk.invalid("extend: " + delayMs + " ms (expected: 1 s to 12 h)");
                }
            }
            default -> throw QueueDesk.invalid("verb: " + settlement.getVerbValue() + " (expected: a known one)");
        }
    }

    private static void settle(
            QueueEngine engine,
            Settlement settlement,
            int index,
            Now now,
            QueueOps ops,
            QueueSettleReply.Builder reply) {
        Verb verb = switch (settlement.getVerb()) {
            case VERB_RELEASE -> Verb.RELEASE;
            case VERB_FAIL -> Verb.FAIL;
            case VERB_REJECT -> Verb.REJECT;
            case VERB_EXTEND -> Verb.EXTEND;
            default -> Verb.ACK;
        };
        long delayMs = switch (verb) {
            case ACK, REJECT -> AS_THE_GROUP_SAYS;
            case EXTEND -> settlement.getDelayMs();
            case RELEASE, FAIL ->
                settlement.getHasDelay() || settlement.getDelayMs() > 0 ? settlement.getDelayMs() : AS_THE_GROUP_SAYS;
        };
        String reason = verb == Verb.FAIL || verb == Verb.REJECT ? settlement.getReason() : "";
        boolean first = settlement.getAttemptsCount() == 0;
        long offset = 0;
        for (int i = 0; i < settlement.getOffsetStepsCount(); i++) {
            offset += settlement.getOffsetSteps(i);
            Settle settle = new Settle(verb, offset, first ? 1 : settlement.getAttempts(i), delayMs, reason);
            if (engine.settle(settle, now, ops) == Settled.STALE) {
                reply.addProblems(SettleProblem.newBuilder()
                        .setSettlement(index)
                        .setLease(i)
                        .setState(Reports.wire(engine.stateOf(offset))));
            }
        }
    }
}
