package io.headwater.broker.replica;

import io.headwater.broker.replica.Rules.Rule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One copy of one partition, as voter or learner, following or leading. Everything that happens to it comes in as a call
 * from the one thread that owns the partition; everything that it does goes out through its {@link ReplicaPorts}.
 */
public final class Replica {
    /** As many as members of a partition ever are, and some more. */
    private static final int MOST_EARLY = 16;

    private final ReplicaState state;
    private final Follower follower;
    private @Nullable Leadership leadership;
    private @Nullable PartitionView view;
    private @Nullable Seal seal;
    /** An epoch is led at most once, even by the same replica (R6). */
    private int lastLed = EpochTable.NO_EPOCH;

    private long suspectMs;
    /** From those that heard before this replica that it leads, or may: told to it when it does. */
    private final Map<ReplicaId, ReplicaMessage.Attach> early = new LinkedHashMap<>();

    /** Asked for and not yet answered. */
    private record Seal(int epoch, SortedSet<Integer> askers) {}

    public Replica(ReplicaStart start, ReplicaPorts ports, ReplicaSettings settings) {
        this(start, ports, settings, settings.rules());
    }

    Replica(ReplicaStart start, ReplicaPorts ports, ReplicaSettings settings, Rules rules) {
        this.state = new ReplicaState(start, ports, settings, rules);
        this.follower = new Follower(state);
    }

    // What the metadata and the controller say

    /** Views may come late and leave out steps; an older one than the last is ignored. */
    public void onView(PartitionView newer) {
        if (state.isHalted() || (view != null && newer.index() <= view.index())) {
            return;
        }
        view = newer;
        state.follow(newer);
        Leadership leading = leadership;
        if (leading != null
                && (newer.epoch() > leading.epoch() || !newer.configuration().isVoter(state.me))) {
            stepDown();
        } else if (leading != null) {
            leading.adopt(newer);
        }
        early.values().removeIf(attach -> !mayBeEarly(attach));
        if (mayLead(newer)) {
            lead(newer);
        } else if (leadership == null) {
            follower.follow(newer);
        }
    }

    private boolean mayLead(PartitionView newer) {
        Leader leader = newer.leader();
        return leadership == null
                && leader != null
                && leader.replica().equals(state.me)
                && leader.incarnation() == state.incarnation
                && newer.configuration().isVoter(state.me)
                && (!state.isSuspect() || mayGiveUp(newer))
                && newer.epoch() > lastLed
                && state.promise.admits(newer.epoch());
    }

    /** What it lacks: where it was chosen without those that might have it, or nobody else can have it. */
    private boolean mayGiveUp(PartitionView newer) {
        boolean only = !newer.configuration().isJoint()
                && newer.configuration().voters().equals(List.of(state.me));
        boolean chosen = newer.recoveredEpoch() == newer.epoch();
        // Beside other voters it was chosen for what it had reported: not where it was found damaged since.
        return only ? chosen || state.lack() == Lack.TAIL : chosen && state.lack() == Lack.TAIL;
    }

    private void lead(PartitionView newer) {
        boolean givesUp = state.isSuspect();
        if (givesUp) {
            state.wholeAgain();
        }
        seal = null;
        follower.detach();
        follower.onCopied();
        lastLed = newer.epoch();
        state.owner.leads(newer.epoch());
        Leadership leading = new Leadership(state, newer, givesUp);
        leadership = leading;
        early.values().stream()
                .filter(attach -> attach.epoch() == newer.epoch())
                .forEach(leading::onAttach);
        early.values().removeIf(attach -> attach.epoch() <= newer.epoch());
    }

    private void stepDown() {
        Leadership leading = leadership;
        if (leading != null) {
            leadership = null;
            state.owner.stopsLeading(leading.epoch());
        }
    }

    /** A controller wants to end all epochs before this one, and to know how this log ends. */
    public void onSealRequest(int controllerNode, int epoch) {
        if (state.isHalted() || !state.promise.admits(epoch) || follower.hasTurnedTo(epoch)) {
            return;
        }
        Leadership leading = leadership;
        if (leading != null) {
            if (leading.epoch() >= epoch) {
                return;
            }
            stepDown();
        }
        if (state.rules.hold(Rule.PROMISE_FENCES)) {
            state.promise.make(epoch);
            follower.detach();
        }
        if (seal == null || seal.epoch() != epoch) {
            seal = new Seal(epoch, new TreeSet<>());
        }
        seal.askers().add(controllerNode);
        reportIfDurable();
    }

    /**
     * A report is true for good: what it says is on disk, and so is the promise to add nothing (R2, R4). One that heals says how
     * far the log of whoever leads has to go at least (R20).
     */
    private void reportIfDurable() {
        Seal asked = seal;
        if (asked == null || state.log.durableIndex() < state.log.endIndex()) {
            return;
        }
        if (!state.promise.isDurable(asked.epoch()) && state.rules.hold(Rule.PROMISE_FENCES)) {
            return;
        }
        LogEnd end = state.acknowledgedEnd();
        if (end == null) {
            return;
        }
        seal = null;
        if (!state.promise.admits(asked.epoch()) || follower.hasTurnedTo(asked.epoch())) {
            return; // nobody needs it any more, and the log may change
        }
        ControllerMessage.SealReport report = new ControllerMessage.SealReport(
                asked.epoch(), state.me, state.incarnation, end.lastEpoch(), end.endIndex(), state.lack());
        asked.askers().forEach(asker -> state.messages.answer(asker, report));
    }

    /**
     * The leader of this epoch is to hand over to another voter.
     *
     * @param to the node of that voter, if it has everything soon; 0: any
     */
    public void onTransferRequest(int epoch, int to) {
        Leadership leading = leadership;
        if (leading != null && leading.epoch() == epoch) {
            leading.handOver(to);
        }
    }

    // What the log, the owner and the clock say

    /** More of the log is on disk. */
    public void onDurable() {
        if (!state.isHalted()) {
            moved();
        }
    }

    public void onPromiseDurable(int epoch) {
        state.promise.onDurable(epoch);
        if (!state.isHalted()) {
            moved();
        }
    }

    private void moved() {
        if (leadership == null) {
            follower.lookWhole();
        }
        reportIfDurable();
        if (leadership != null) {
            leadership.advance();
        } else {
            follower.acknowledge();
        }
    }

    /** The owner is about to append: what starts the epoch comes first. Where {@link #acceptsAppends}. */
    public void beforeAppend() {
        if (leadership != null) {
            leadership.begin();
        }
    }

    /** What the owner has appended, which it may do only where {@link #acceptsAppends}, or a leader has sent, is written. */
    public void onAppended() {
        if (leadership != null) {
            leadership.pump();
            leadership.advance();
        } else if (state.commitsWritten() && !state.isHalted()) {
            follower.acknowledge();
        }
    }

    /**
     * What {@link ReplicaOwner#mustCopy} asked for is in the log and on disk, as much as could be had.
     *
     * @param committed all that was copied is below it
     */
    public void onCopied(long committed) {
        if (!state.isHalted() && follower.isCopying()) {
            follower.onCopied();
            state.commitTo(Math.min(committed, state.log.endIndex()));
            turnToLeader();
        }
    }

    /** What {@link ReplicaOwner#mustCopy} asked for cannot be begun now, and nothing has changed. */
    public void onNotCopied() {
        if (!state.isHalted() && follower.isCopying()) {
            follower.onNotCopied();
        }
    }

    /** Messages to this node may be lost from the last acknowledged one on. */
    public void onDisconnected(int node) {
        if (leadership != null) {
            leadership.disconnected(node);
        }
    }

    /** Says again what got no answer. May be left out while {@link #needsTicks} is false. */
    public void tick(long nowMs) {
        if (state.isHalted()) {
            return;
        }
        if (leadership != null) {
            leadership.tick(nowMs);
        } else {
            turnToLeader();
            follower.tick(nowMs);
            if (countsOrRefuses() && nowMs - suspectMs >= state.settings.resendMs()) {
                suspectMs = nowMs;
                tryToCount();
            }
        }
    }

    /** What could not be kept before may be now, as a disk that was full has room again; an epoch that it refused is to end. */
    private void tryToCount() {
        PartitionView last = view;
        if (last != null && state.isSuspect() && mayLead(last)) {
            lead(last);
            return;
        }
        PartitionView refused = refused();
        if (refused != null) {
            state.messages.tellController(new ControllerMessage.SealWanted(refused.epoch()));
        }
        moved();
    }

    private boolean countsOrRefuses() {
        return state.isSuspect() || refused() != null;
    }

    /** Of an epoch that it is to lead, and did not when it heard so, as it might have lacked something: nobody else ever would. */
    private @Nullable PartitionView refused() {
        PartitionView last = view;
        Leader leader = last == null ? null : last.leader();
        boolean isNamed =
                leader != null && leader.replica().equals(state.me) && leader.incarnation() == state.incarnation;
        return leadership == null && isNamed ? last : null;
    }

    private void turnToLeader() {
        if (!state.isHalted() && leadership == null && view != null) {
            follower.follow(view);
        }
    }

    public boolean needsTicks() {
        return leadership != null ? leadership.needsTicks() : follower.isWaiting() || countsOrRefuses();
    }

    /** Whether a tick is wanted after {@link ReplicaSettings#commitDelayMs}: others can show nothing before they know. */
    public boolean owesCommit() {
        return leadership != null && leadership.owesCommit();
    }

    /** The log or the promises are broken. */
    public void halt(String reason) {
        stepDown();
        state.halt(reason);
    }

    // What other replicas say

    public void receive(ReplicaMessage message) {
        if (!state.isHalted()) {
            message.deliverTo(this);
        }
    }

    void onAttach(ReplicaMessage.Attach attach) {
        if (leadership != null && leadership.epoch() == attach.epoch()) {
            leadership.onAttach(attach);
        } else if (mayBeEarly(attach)
                && (early.size() < MOST_EARLY || early.containsKey(attach.id().replica()))) {
            early.merge(
                    attach.id().replica(),
                    attach,
                    (known, next) -> next.epoch() < known.epoch() || next.id().isOlderThan(known.id()) ? known : next);
        }
    }

    /** Who leads this epoch is not known here yet, or this replica is about to. */
    private boolean mayBeEarly(ReplicaMessage.Attach attach) {
        PartitionView last = view;
        return last == null
                || attach.epoch() > last.epoch()
                || (attach.epoch() == last.epoch() && (last.isSealing() || mayLead(last)));
    }

    void onAck(ReplicaMessage.Ack ack) {
        if (leadership != null && leadership.epoch() == ack.epoch()) {
            leadership.onAck(ack);
        }
    }

    void onAttachOk(ReplicaMessage.AttachOk ok) {
        if (leadership == null) {
            follower.onAttachOk(ok);
        }
    }

    void onTellMore(ReplicaMessage.TellMore more) {
        if (leadership == null) {
            follower.onTellMore(more);
        }
    }

    void onCopyFirst(ReplicaMessage.CopyFirst copy) {
        if (leadership == null) {
            follower.onCopyFirst(copy);
            turnToLeader();
        }
    }

    void onAppend(ReplicaMessage.Append append) {
        boolean fenced = state.rules.hold(Rule.PROMISE_FENCES) && !state.promise.admits(append.epoch());
        if (leadership == null && !fenced && append.to().equals(state.me)) {
            follower.onAppend(append);
            turnToLeader();
        }
    }

    void onCommit(ReplicaMessage.Commit commit) {
        if (leadership == null && commit.to().equals(state.me)) {
            follower.onCommit(commit);
        }
    }

    void onConfirm(ReplicaMessage.Confirm confirm) {
        if (leadership == null && confirm.to().equals(state.me)) {
            follower.onConfirm(confirm);
        }
    }

    void onConfirmed(ReplicaMessage.Confirmed confirmed) {
        if (leadership != null && leadership.epoch() == confirmed.epoch()) {
            leadership.onConfirmed(confirmed);
        }
    }

    // What the owner may ask

    public boolean isLeading() {
        return leadership != null;
    }

    /** Whether the owner may append: this replica leads and is not about to hand over. */
    public boolean acceptsAppends() {
        return leadership != null && leadership.acceptsAppends();
    }

    /** All before this index is committed, as far as this replica knows. */
    public long commit() {
        return state.commit();
    }

    /** All before this index is on the disks of a write quorum; at most {@link #commit}. While it leads. */
    public long persisted() {
        return leadership == null ? 0 : leadership.persisted();
    }

    /** While it leads: tells how far each of the others is behind. To be asked now and then, about once a second. */
    public void tellLags(long nowMs, FollowerLags to) {
        if (leadership != null) {
            leadership.tellLags(nowMs, to);
        }
    }

    /**
     * Whether {@link #commit} is the end of what is committed: a new leader does not know that before the first entry of
     * its epoch is, and an end that it gave earlier could lie before one that its predecessor gave.
     */
    public boolean knowsEnd() {
        return leadership != null && leadership.hasCommittedInItsEpoch();
    }

    /**
     * Asks whether this replica still leads, before its owner says where the log ends or that there is nothing more: a
     * later leader may have committed more, and this one not know of it. What is committed may be read at any time.
     *
     * @return the number of the round: when {@link #confirmedRound} has come so far, {@link #commit} is the end, as it was
     *     at this call or later. Nothing is asked again: another round may be begun at any time, and stands for all before
     */
    public long askToConfirm() {
        return leadership == null ? state.newRound() : leadership.askToConfirm();
    }

    /** Whether others vote, so that {@link #askToConfirm} makes a difference. */
    public boolean mustConfirm() {
        return leadership == null || leadership.mustConfirm();
    }

    /** All rounds up to this one are confirmed, while this replica leads. */
    public long confirmedRound() {
        return leadership == null ? 0 : leadership.confirmedRound();
    }
}
