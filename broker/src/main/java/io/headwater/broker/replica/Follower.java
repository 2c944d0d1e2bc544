package io.headwater.broker.replica;

import io.headwater.broker.replica.Rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * A replica while it does not lead. It describes its log to the leader (attach), cuts it where the leader says, and is a
 * prefix of the leader's log from then on. Attached to an epoch once, it stays so until it promises itself to a later
 * one: what got lost on the way is sent again.
 */
final class Follower {
    static final int MAX_ROWS = 64;
    private static final int NOT_ATTACHED = -1;
    /** Attaches are small, and nothing is committed before one has arrived. */
    private static final int ATTACHES_PER_RESEND = 10;

    /** A leader that goes back so often, and not to the end of this log, has heard that this copy has all before. */
    private static final int MOST_RETURNS = 3;

    private static final long NO_GAP = -1;

    private static final long JUST_SAID = -1;
    private static final long NOT_KNOWN = Long.MAX_VALUE;

    private final ReplicaState state;
    private int attachedEpoch = NOT_ATTACHED;
    private @Nullable AttachId attachedBy;
    private int leaderNode;
    private @Nullable Attempt attempt;
    private long attempts;
    private boolean copying;
    /** The attach that was answered so. */
    private @Nullable Attempt copyingFor;

    /** Where the last entries began that this log could not take; of several that a leader sends at once, each. */
    private long gapAt = NO_GAP;

    private int returns;
    /** What the leader had when it let this replica attach. Whatever this copy has once acknowledged is below it. */
    private long owed = NOT_KNOWN;

    /** An attach under way. The log must not change while it is. */
    private static final class Attempt {
        final int epoch;
        final AttachId id;
        final int leaderNode;
        /** Nothing in the log is from since an operator chose a leader: what it knows as committed may have been given up. */
        final boolean isFromBeforeRecovery;

        ReplicaMessage.Attach said;
        long saidMs = JUST_SAID;

        Attempt(int leaderNode, ReplicaMessage.Attach said, boolean isFromBeforeRecovery) {
            this.isFromBeforeRecovery = isFromBeforeRecovery;
            this.epoch = said.epoch();
            this.id = said.id();
            this.leaderNode = leaderNode;
            this.said = said;
        }
    }

    Follower(ReplicaState state) {
        this.state = state;
        this.attempts = (long) state.life << Integer.SIZE;
    }

    /** Whether it has turned to the leader of this epoch or of a later one. */
    boolean hasTurnedTo(int epoch) {
        return attachedEpoch >= epoch || (attempt != null && attempt.epoch >= epoch);
    }

    boolean isWaiting() {
        return attempt != null;
    }

    void detach() {
        attachedEpoch = NOT_ATTACHED;
        attempt = null;
        owed = NOT_KNOWN;
    }

    /** Turns to the leader of the view, if it has one. */
    void follow(PartitionView view) {
        Leader leader = view.leader();
        if (leader == null || leader.node() == state.me.node() || copying || !view.isMember(state.me)) {
            return;
        }
        if (hasTurnedTo(view.epoch()) || !state.promise.admits(view.epoch())) {
            return;
        }
        if (state.rules.hold(Rule.ATTACH_FREEZES)) {
            state.promise.make(view.epoch());
            detach();
        }
        AttachId id = new AttachId(state.me, state.incarnation, ++attempts);
        LogTail tail = state.log.epochs().tail(state.log.startIndex(), state.log.endIndex(), MAX_ROWS);
        attempt = new Attempt(
                leader.node(),
                new ReplicaMessage.Attach(view.epoch(), id, tail, state.log.takesSegments()),
                state.log.epochs().lastEpoch() < view.recoveredEpoch());
        say(attempt);
    }

    private void say(Attempt under) {
        under.saidMs = JUST_SAID;
        state.messages.send(under.leaderNode, under.said);
    }

    void onAttachOk(ReplicaMessage.AttachOk ok) {
        Attempt answered = underWay(ok.id());
        if (answered == null || !state.promise.admits(ok.epoch())) {
            return;
        }
        if (ok.truncateTo() < state.commit() && answered.isFromBeforeRecovery) {
            state.giveUp();
            return;
        }
        if (ok.truncateTo() < state.commit()) {
            state.halt("truncateTo: " + ok.truncateTo() + " in epoch " + ok.epoch() + " (expected: >= " + state.commit()
                    + ", which is committed)");
            return;
        }
        if (ok.truncateTo() < state.log.endIndex()) {
            // If there is no room for that now, the leader is asked again.
            state.log.truncateTo(ok.truncateTo());
        }
        attempt = null;
        state.promise.make(ok.epoch());
        attachedEpoch = ok.epoch();
        attachedBy = ok.id();
        leaderNode = answered.leaderNode;
        owed = owed(ok);
        learnCommit(ok.commit());
        lookWhole();
        acknowledge();
    }

    private long owed(ReplicaMessage.AttachOk ok) {
        if (!state.rules.hold(Rule.SUSPECT_IS_NOBODY)) {
            return 0;
        }
        // A leader of an earlier version does not say.
        return ok.end() == 0 ? NOT_KNOWN : ok.end();
    }

    void onTellMore(ReplicaMessage.TellMore more) {
        if (attempt != null && attempt.id.equals(more.id())) {
            LogTail older = state.log.epochs().tail(state.log.startIndex(), more.beforeIndex(), MAX_ROWS);
            attempt.said = new ReplicaMessage.Attach(attempt.epoch, attempt.id, older, false);
            say(attempt);
        }
    }

    void onCopyFirst(ReplicaMessage.CopyFirst copy) {
        Attempt answered = underWay(copy.id());
        if (answered != null && copy.fromIndex() < state.commit() && answered.isFromBeforeRecovery) {
            state.giveUp();
        } else if (answered != null) {
            copying = true;
            attempt = null;
            copyingFor = answered;
            state.owner.mustCopy(copy.fromIndex(), copy.end(), copy.goesOn());
        } else if (copy.epoch() == attachedEpoch && copy.id().equals(attachedBy)) {
            // It was far behind, as far as the leader knows: it says again what it has.
            detach();
        }
    }

    /** The log was filled from elsewhere, with what is committed. Nobody may cut that; or it leads, and is not to be filled. */
    void onCopied() {
        copying = false;
        copyingFor = null;
    }

    /** The log is as it was, and the leader is asked again, in a while. */
    void onNotCopied() {
        Attempt begun = copyingFor;
        onCopied();
        if (begun != null && attempt == null && state.promise.admits(begun.epoch)) {
            begun.saidMs = JUST_SAID;
            attempt = begun;
        }
    }

    boolean isCopying() {
        return copying;
    }

    private @Nullable Attempt underWay(AttachId id) {
        Attempt found = attempt;
        return found == null || !found.id.equals(id) ? null : found;
    }

    void onAppend(ReplicaMessage.Append append) {
        Entries entries = append.entries();
        if (append.epoch() != attachedEpoch) {
            return;
        }
        if (entries.fromIndex() > state.log.endIndex()) {
            onGap(entries.fromIndex());
            return;
        }
        if (!agrees(entries)) {
            state.halt("entries: other epochs from index " + entries.fromIndex() + " on than in the log (expected: "
                    + "the same, from the leader of epoch " + append.epoch() + ")");
            return;
        }
        boolean grows = entries.endIndex() > state.log.endIndex();
        if (grows) {
            noGap();
            state.log.append(entries);
        }
        learnCommit(append.commit());
        if (!grows || !state.rules.hold(Rule.ONLY_DURABLE_COUNTS)) {
            acknowledge();
        }
    }

    /**
     * The leader will see no acknowledgement and send again from the last one on. If that is not here, it has heard one from
     * before this copy was cut, late: this copy says anew what it has.
     */
    private void onGap(long fromIndex) {
        boolean returned = gapAt != NO_GAP && fromIndex <= gapAt;
        gapAt = fromIndex;
        if (returned && ++returns >= MOST_RETURNS) {
            noGap();
            detach();
        }
    }

    private void noGap() {
        gapAt = NO_GAP;
        returns = 0;
    }

    /** Whether what is sent again is what is there. */
    private boolean agrees(Entries entries) {
        // What retention has let go of is not compared.
        long overlapStart = Math.max(entries.fromIndex(), state.log.startIndex());
        long overlapEnd = Math.min(entries.endIndex(), state.log.endIndex());
        if (overlapEnd <= overlapStart) {
            return true;
        }
        EpochTable sent = new EpochTable();
        entries.epochs().forEach(row -> sent.append(row.epoch(), row.firstIndex()));
        return state.log.epochs().between(overlapStart, overlapEnd).equals(sent.between(overlapStart, overlapEnd));
    }

    void onCommit(ReplicaMessage.Commit message) {
        if (message.epoch() == attachedEpoch) {
            learnCommit(message.commit());
        }
    }

    /** It follows as long as it has not promised itself to a later epoch. */
    void onConfirm(ReplicaMessage.Confirm message) {
        if (message.epoch() == attachedEpoch) {
            state.messages.send(leaderNode, new ReplicaMessage.Confirmed(attachedEpoch, state.me, message.round()));
        }
    }

    /** While attached, all that this log has is the leader's. */
    private void learnCommit(long leaderCommit) {
        state.commitTo(Math.min(leaderCommit, state.log.endIndex()));
    }

    /**
     * A copy that may lack what it has acknowledged has a say again as soon as it has all that a leader had, who was found
     * without it: what was committed on this copy's word is in that log (R10). Entries that this leader counted for it
     * before they were lost are there as well, and so they are here.
     */
    void lookWhole() {
        if (state.isSuspect() && attachedEpoch != NOT_ATTACHED && state.log.durableIndex() >= owed) {
            state.wholeAgain();
        }
    }

    /** Says what is on disk, or written where that counts, when it is and when the promise is on disk. */
    void acknowledge() {
        if (attachedEpoch == NOT_ATTACHED || !state.promise.isDurable(attachedEpoch)) {
            return;
        }
        state.messages.send(
                leaderNode, new ReplicaMessage.Ack(attachedEpoch, state.me, state.durableEnd(), state.writtenEnd()));
    }

    void tick(long nowMs) {
        if (attempt == null) {
            return;
        }
        if (attempt.saidMs == JUST_SAID) {
            attempt.saidMs = nowMs;
        } else if (nowMs - attempt.saidMs >= state.settings.resendMs() / ATTACHES_PER_RESEND) {
            say(attempt);
        }
    }
}
