package io.headwater.broker.replica;

import io.headwater.broker.replica.Rules.Rule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A replica while it leads one epoch: it sends its log to the others, and counts what they have on disk. */
final class Leadership {
    private static final long NO_MARK = -1;
    private static final long NOT_YET = -1;
    /** Those to come as well: nobody needs to be asked. */
    private static final long EVERY_ROUND = Long.MAX_VALUE;

    private final ReplicaState state;
    private final Quorums quorums;
    private final int epoch;
    /** Index of the entry that starts the epoch. */
    private long epochStart = NOT_YET;
    /** All that have attached in this epoch, members or not: one may become a member again. */
    private final Map<ReplicaId, Peer> attached = new LinkedHashMap<>();

    private Configuration configuration;
    private List<ReplicaId> learners;
    private List<ReplicaId> others = List.of();
    /** Those of them that have attached. */
    private List<Peer> peers = List.of();

    private boolean alone;
    private long markIndex = NO_MARK;
    private @Nullable Handover handover;
    private long persisted;
    private long commitToldMs;
    private long noticedMs;
    private final LagWatch lags = new LagWatch();
    private long noticedCommit = NOT_YET;

    /** @param givesUp what this copy may lack is given up with this epoch */
    Leadership(ReplicaState state, PartitionView view, boolean givesUp) {
        this.state = state;
        this.quorums = new Quorums(state.rules);
        this.epoch = view.epoch();
        this.configuration = view.configuration();
        this.learners = view.learners();
        chooseOthers();
        boolean recovered = givesUp || state.log.epochs().lastEpoch() < view.recoveredEpoch();
        if (!isAlone() || recovered) {
            begin();
        }
        if (recovered) {
            state.log.appendLossMarker(epoch);
        }
        markIfJoint();
    }

    /** Whether nobody else has a vote. Then what is on this disk is committed, whatever its epoch. */
    private boolean isAlone() {
        return alone;
    }

    /**
     * Appends the start of the epoch: with other voters, nothing is committed by count before that is (R7). Alone it waits
     * for the first append, so that a restart writes to no idle log, and is the promise as well: a replica takes nothing
     * of an epoch before that of its last entry.
     */
    void begin() {
        if (!isAlone()) {
            state.promise.make(epoch);
        }
        if (epochStart == NOT_YET) {
            epochStart = state.log.appendEpochStart(epoch);
        }
    }

    int epoch() {
        return epoch;
    }

    boolean acceptsAppends() {
        return handover == null || !state.rules.hold(Rule.RESIGN_BEFORE_TRANSFER);
    }

    boolean hasCommittedInItsEpoch() {
        return isAlone() || state.commit() > epochStart;
    }

    /** The view is of this epoch, and this replica a voter in it. */
    void adopt(PartitionView view) {
        learners = view.learners();
        if (view.configuration().version() > configuration.version()) {
            configuration = view.configuration();
            chooseOthers();
            markIndex = NO_MARK;
            saySo();
        }
        chooseOthers();
        advance();
        pump();
    }

    /** In the log: that the epoch has begun, and that its voters change. A full disk may have had no room for that before. */
    private void saySo() {
        if (!isAlone()) {
            begin();
        }
        if (markIndex == NO_MARK) {
            markIfJoint();
        }
    }

    private void chooseOthers() {
        alone = !configuration.isJoint() && configuration.voters().equals(List.of(state.me));
        List<ReplicaId> chosen = configuration.allVoters();
        learners.stream().filter(learner -> !chosen.contains(learner)).forEach(chosen::add);
        chosen.remove(state.me);
        others = chosen;
        lags.keepOnly(others);
        choosePeers();
    }

    private void choosePeers() {
        peers = others.stream().map(attached::get).filter(Objects::nonNull).toList();
    }

    /** When it is committed under both sets, no count under the old set alone can be under way any more (R13). */
    private void markIfJoint() {
        if (configuration.isJoint() && acceptsAppends()) {
            markIndex = state.log.appendConfigurationMark(epoch, configuration.version());
        }
    }

    void onAttach(ReplicaMessage.Attach attach) {
        Peer peer = attached.get(attach.id().replica());
        if (peer != null && attach.id().isOlderThan(peer.attachId())) {
            return;
        }
        if (peer != null && attach.id().equals(peer.attachId())) {
            peer.answerAgain();
            return;
        }
        Reconciliation found =
                Reconciliation.of(state.log.epochs(), state.log.startIndex(), state.log.endIndex(), attach.log());
        int node = attach.id().replica().node();
        switch (found.step()) {
            case TRUNCATE -> {
                if (couldCopy(attach, found.index())) {
                    // It takes nothing until it attaches again.
                    attached.remove(attach.id().replica());
                    choosePeers();
                    copyFirst(attach.id(), found.index(), true);
                } else {
                    open(peer, attach.id(), found.index());
                }
            }
            case TELL_MORE -> {
                long before = attach.log().rows().get(0).firstIndex();
                state.messages.send(node, new ReplicaMessage.TellMore(epoch, attach.id(), before));
            }
            case COPY -> copyFirst(attach.id(), state.log.startIndex(), false);
        }
    }

    /** Nothing of it is cut, and whole segments are missing. */
    private boolean couldCopy(ReplicaMessage.Attach attach, long index) {
        return attach.takesSegments() && attach.log().endIndex() == index && state.log.offersSegment(index);
    }

    private void copyFirst(AttachId id, long fromIndex, boolean goesOn) {
        state.messages.send(
                id.replica().node(), new ReplicaMessage.CopyFirst(epoch, id, fromIndex, goesOn, state.log.endIndex()));
    }

    private void open(@Nullable Peer known, AttachId id, long truncateTo) {
        ReplicaMessage.AttachOk ok =
                new ReplicaMessage.AttachOk(epoch, id, truncateTo, state.commit(), state.log.endIndex());
        Peer peer = known;
        // A copy that was taken away and given back has lost what it had acknowledged.
        if (peer == null || truncateTo < peer.acked()) {
            peer = new Peer(state, ok);
            attached.put(id.replica(), peer);
            choosePeers();
        } else {
            peer.opened(ok);
        }
        if (others.contains(peer.id)) {
            peer.pump();
        }
    }

    void onAck(ReplicaMessage.Ack ack) {
        Peer peer = attached.get(ack.from());
        if (peer == null) {
            return;
        }
        peer.onAck(ack.durableEnd(), ack.writtenEnd());
        advance();
        if (others.contains(peer.id)) {
            peer.pump();
        }
        if (handover != null) {
            handover.look();
        }
    }

    /** Something was appended. */
    void pump() {
        for (Peer peer : peers) {
            peer.pump();
        }
    }

    /** Counts again: an acknowledgement, the own sync, the own promise or the voters have moved. */
    void advance() {
        long durable = alone ? durableEnd(state.me) : quorums.reachedByQuorum(configuration, this::durableEnd);
        if (countsFrom(durable)) {
            persisted = Math.max(persisted, durable);
            state.commitTo(durable);
        }
        // Alone it may acknowledge what it has written, but commits what it would have again.
        if (state.commitsWritten() && !alone) {
            long written = quorums.reachedByQuorum(configuration, this::writtenEnd);
            if (countsFrom(written)) {
                state.commitTo(written);
            }
        }
        if (markIndex != NO_MARK && state.commit() > markIndex) {
            tellMark();
        }
    }

    private boolean countsFrom(long end) {
        return end > epochStart || !state.rules.hold(Rule.COMMIT_IN_OWN_EPOCH);
    }

    private long durableEnd(ReplicaId voter) {
        if (!voter.equals(state.me)) {
            Peer peer = attached.get(voter);
            return peer == null ? 0 : peer.acked();
        }
        return mayCountOwn() ? state.durableEnd() : 0;
    }

    private long writtenEnd(ReplicaId voter) {
        if (!voter.equals(state.me)) {
            Peer peer = attached.get(voter);
            return peer == null ? 0 : peer.written();
        }
        return mayCountOwn() ? state.writtenEnd() : 0;
    }

    private boolean mayCountOwn() {
        return isAlone() || state.promise.isDurable(epoch) || !state.rules.hold(Rule.ONLY_DURABLE_COUNTS);
    }

    /** All before this index is on the disks of a write quorum, whatever else counts as committed. */
    long persisted() {
        return persisted;
    }

    /** Asks the other voters whether they still follow. Returns the number of this round, which is above all before it. */
    long askToConfirm() {
        long round = state.newRound();
        for (Peer peer : peers) {
            if (configuration.isVoter(peer.id)) {
                peer.askToConfirm(round);
            }
        }
        return round;
    }

    void onConfirmed(ReplicaMessage.Confirmed confirmed) {
        Peer peer = attached.get(confirmed.from());
        if (peer != null) {
            peer.onConfirmed(confirmed.round());
        }
    }

    /**
     * The last round in which a write quorum of every active set has said that it follows, this replica included (R17). Had
     * a later epoch committed anything before that round began, then one of them would have promised itself away by then.
     */
    long confirmedRound() {
        return mustConfirm() ? quorums.reachedByQuorum(configuration, this::confirmedBy) : EVERY_ROUND;
    }

    /** Where nobody else votes there is no later leader that this replica has not promised itself to. */
    boolean mustConfirm() {
        return !isAlone() && state.rules.hold(Rule.CONFIRM_READS);
    }

    private long confirmedBy(ReplicaId replica) {
        if (replica.equals(state.me)) {
            return state.lastRound();
        }
        Peer peer = attached.get(replica);
        return peer == null ? 0 : peer.confirmed();
    }

    /** @param to the node of the voter that should lead; 0: any */
    void handOver(int to) {
        if (handover == null) {
            handover = new Handover(to);
            handover.look();
        }
    }

    /** What was sent to the node and not acknowledged may be lost. */
    void disconnected(int node) {
        for (Peer peer : peers) {
            if (peer.id.node() == node) {
                peer.rewind();
            }
        }
        pump();
    }

    void tellLags(long nowMs, FollowerLags to) {
        long durable = state.log.durableIndex();
        for (ReplicaId other : others) {
            Peer peer = attached.get(other);
            long acked = Math.max(peer == null ? 0 : peer.acked(), state.log.startIndex());
            long behindMs = lags.behindMs(other, acked, durable, nowMs);
            to.follower(other.node(), configuration.isVoter(other), Math.max(0, durable - acked), behindMs);
        }
    }

    boolean needsTicks() {
        if (handover != null || configuration.isJoint() || !learners.isEmpty()) {
            return true;
        }
        for (Peer peer : peers) {
            if (peer.isBehind()) {
                return true;
            }
        }
        return false;
    }

    /** Whether somebody does not know yet what is committed. */
    boolean owesCommit() {
        for (Peer peer : peers) {
            if (peer.isOwedCommit()) {
                return true;
            }
        }
        return false;
    }

    void tick(long nowMs) {
        for (Peer peer : peers) {
            peer.tick(nowMs);
        }
        if (nowMs - commitToldMs >= state.settings.commitDelayMs()) {
            commitToldMs = nowMs;
            peers.forEach(Peer::tellCommit);
        }
        if (handover != null) {
            handover.tick(nowMs);
        }
        if (nowMs - noticedMs >= state.settings.resendMs()) {
            noticedMs = nowMs;
            if (acceptsAppends()) {
                saySo();
            }
            tellController();
        }
    }

    /** Under load nobody ever has what is committed at this very moment: what was a moment ago is near enough. */
    private void tellController() {
        if (markIndex != NO_MARK && state.commit() > markIndex) {
            tellMark();
        }
        long enough = noticedCommit == NOT_YET ? state.commit() : noticedCommit;
        noticedCommit = state.commit();
        for (ReplicaId learner : learners) {
            Peer peer = attached.get(learner);
            if (peer != null && hasCommittedInItsEpoch() && peer.acked() >= enough) {
                state.messages.tellController(new ControllerMessage.LearnerReady(epoch, learner));
            }
        }
        if (handover != null) {
            handover.repeat();
        }
    }

    private void tellMark() {
        state.messages.tellController(new ControllerMessage.MarkCommitted(epoch, configuration.version()));
    }

    /**
     * A graceful transfer (R11). From here on nothing is appended in this epoch, however it ends: the next leader starts
     * from what the chosen voter has, and nobody seals the others before.
     */
    private final class Handover {
        /** No node. */
        private static final int ANY = 0;

        private int to;
        private long deadlineMs = NOT_YET;
        private boolean overdue;
        private boolean asked;

        Handover(int to) {
            this.to = to;
        }

        void look() {
            if (!asked) {
                // Not one that is to vote yet: it may have begun anew since it acknowledged what counts here.
                for (ReplicaId voter : configuration.voters()) {
                    if ((to == ANY || to == voter.node()) && ask(voter)) {
                        asked = true;
                        return;
                    }
                }
            }
        }

        private boolean ask(ReplicaId voter) {
            Peer peer = attached.get(voter);
            long enough = state.rules.hold(Rule.TRANSFER_TO_COMPLETE_LOG) ? state.log.endIndex() : state.commit() - 1;
            if (peer == null || peer.acked() < enough) {
                return false;
            }
            long incarnation = peer.attachId().incarnation();
            state.messages.tellController(new ControllerMessage.TransferReady(epoch, voter, incarnation));
            return true;
        }

        void tick(long nowMs) {
            if (deadlineMs == NOT_YET) {
                deadlineMs = nowMs + state.settings.handoverMs();
            }
            overdue = nowMs >= deadlineMs;
            if (to != ANY && nowMs >= deadlineMs - state.settings.handoverMs() / 2) {
                to = ANY; // a leader soon is better than the wanted one
                look();
            }
        }

        void repeat() {
            if (overdue) {
                state.messages.tellController(new ControllerMessage.SealWanted(epoch));
            } else {
                asked = false;
                look();
            }
        }
    }
}
