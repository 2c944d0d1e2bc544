package io.headwater.broker.replica;

import java.util.EnumSet;
import java.util.Set;

/**
 * The rules that keep what is committed, and what is said of it true. All of them hold, always. Only tests switch one off, to prove that the
 * simulation sees what it is there for.
 */
public final class Rules {
    enum Rule {
        /** R2: a promised replica takes nothing of older epochs. */
        PROMISE_FENCES,
        /** R2: a promise is on disk before anything that rests on it leaves. */
        PROMISE_IS_DURABLE,
        /** R3: the log stays as it was described until the leader has answered. */
        ATTACH_FREEZES,
        /** R4: enough reports to hear one of any write quorum. */
        SEAL_BY_QUORUM,
        /** R5: a later last epoch beats any length. */
        LAST_EPOCH_BEFORE_LENGTH,
        /** R7: older entries are committed by one of the leader's own epoch, never by their own count. */
        COMMIT_IN_OWN_EPOCH,
        /** R8: only what is on disk counts. */
        ONLY_DURABLE_COUNTS,
        /** R9, R13: both sets agree while voters change. */
        BOTH_SETS_AGREE,
        /** R10: who formats a directory gives it a new id. Kept by the host of a replica, not in this package. */
        NEW_DISK_NEW_REPLICA,
        /** R10: a copy that has lost what it acknowledged has no say before it has all that its leader had. */
        SUSPECT_IS_NOBODY,
        /** R11: a leader that hands over appends no more. */
        RESIGN_BEFORE_TRANSFER,
        /** R11: who takes over has everything. */
        TRANSFER_TO_COMPLETE_LOG,
        /** R17: where the log ends is not said before a quorum has confirmed, when asked since, that it still follows. */
        CONFIRM_READS,
        /**
         * R18: a copy whose machine was down before all that it acknowledged was synced is a suspect. Kept by the host of a
         * replica, not in this package.
         */
        LOST_TAIL_IS_SUSPECT,
        /** R19: something is taken for lost only when all voters have said what they have. */
        LOSS_IS_SAID_BY_ALL,
        /** R20: a copy that heals is heard for a leader only that does not end before what it had. */
        HEALING_ASKS_FOR_WHAT_IT_HAD
    }

    public static final Rules ALL = new Rules(EnumSet.noneOf(Rule.class));

    private final Set<Rule> off;

    private Rules(Set<Rule> off) {
        this.off = off;
    }

    static Rules without(Rule rule) {
        return new Rules(EnumSet.of(rule));
    }

    boolean hold(Rule rule) {
        return !off.contains(rule);
    }
}
