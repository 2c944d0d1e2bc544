package io.headwater.broker.replica;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A controller's care for one partition: a leader, and the voters that are wanted. */
final class PartitionCare {
    /** No node. */
    private static final int ANY = 0;

    private static final int NONE = -1;

    private final long partition;
    private final ControllerPorts ports;
    private final ControllerSettings settings;
    private final Election election;
    private PartitionView view;
    /** It led when its node was lost: no report of it is waited for. */
    private @Nullable ReplicaId lost;

    /** Empty: as they are. */
    private List<ReplicaId> wanted = List.of();
    /** As the leader of this epoch says. */
    private final Set<ReplicaId> ready = new HashSet<>();

    /** The voters, by their version, in whose time a leader was asked to hand over to one that stays, and its epoch. */
    private int handoverVersion = NONE;

    private int handoverEpoch;
    private long nowMs;
    private long askedMs;
    /** There is nothing to ask for, until somebody says something. */
    private boolean isCalm;

    PartitionCare(long partition, PartitionView view, ControllerPorts ports, ControllerSettings settings, Rules rules) {
        this.partition = partition;
        this.ports = ports;
        this.settings = settings;
        this.election = new Election(new Quorums(rules), rules, settings.preferMs());
        this.view = view;
        act();
    }

    void onView(PartitionView newer) {
        if (newer.index() <= view.index()) {
            return;
        }
        if (newer.epoch() != view.epoch()) {
            election.forget();
            ready.clear();
        }
        lost = newer.isSealing() ? lost : null;
        view = newer;
        ready.removeIf(learner -> !newer.isMember(learner)); // given back later, it begins with nothing
        act();
    }

    void tick(long now) {
        nowMs = now;
        if (isCalm) {
            return;
        }
        if (now - askedMs >= settings.retryMs()) {
            act();
        } else {
            elect();
        }
    }

    /** Asks for whatever is missing; what has been asked for may have been lost. */
    private void act() {
        askedMs = nowMs;
        isCalm = false;
        if (view.isSealing()) {
            if (election.hasProposed()) {
                // Who was to lead may be gone, or back in another run, which the metadata would not take.
                election.forget();
            }
            for (ReplicaId voter : view.configuration().allVoters()) {
                if (!election.hasReportOf(voter)) {
                    ports.requestSeal(voter.node(), partition, view.epoch());
                }
            }
            elect();
        } else if (!view.isLedByVoter()) {
            proposeSeal(); // it was voted out while it led: nobody would ever lead this epoch
        } else {
            changeVoters();
            isCalm = wanted.isEmpty() && !view.configuration().isJoint();
        }
    }

    private void elect() {
        if (view.isSealing()) {
            election.decide(view.configuration(), lost, nowMs)
                    .ifPresent(choice -> ports.propose(new MetadataCommand.Elect(
                            partition,
                            view.epoch(),
                            view.configuration().version(),
                            new Leader(choice.best().replica(), choice.best().incarnation()),
                            choice.mayLose())));
        }
    }

    void onSealReport(ControllerMessage.SealReport report) {
        if (isPresent(report) && view.isSealing() && view.configuration().isVoter(report.replica())) {
            election.add(report);
            elect();
        }
    }

    List<ControllerMessage.SealReport> reports() {
        return view.isSealing() ? election.reports() : List.of();
    }

    private boolean isPresent(ControllerMessage message) {
        return message.epoch() == view.epoch();
    }

    void onNodeLost(int node, long incarnation) {
        Leader leader = view.leader();
        if (leader != null && leader.node() == node && leader.incarnation() == incarnation) {
            lost = leader.replica();
            proposeSeal();
        }
    }

    void onSealWanted(ControllerMessage.SealWanted message) {
        if (isPresent(message) && !view.isSealing()) {
            proposeSeal();
        }
    }

    void proposeSeal() {
        ports.propose(new MetadataCommand.Seal(partition, view.epoch()));
    }

    void requestTransfer(int to) {
        Leader leader = view.leader();
        if (leader != null) {
            ports.requestTransfer(leader.node(), partition, view.epoch(), to);
        }
    }

    void onTransferReady(ControllerMessage.TransferReady message) {
        if (isPresent(message) && !view.isSealing()) {
            Leader next = new Leader(message.to(), message.incarnation());
            ports.propose(new MetadataCommand.Transfer(partition, view.epoch(), next));
        }
    }

    void move(List<ReplicaId> voters) {
        wanted = List.copyOf(voters);
        isCalm = false;
        changeVoters();
    }

    void abortMove() {
        wanted = List.of();
        if (view.configuration().isJoint()) {
            abortJoint();
        }
    }

    private void abortJoint() {
        ports.propose(
                new MetadataCommand.AbortJoint(partition, view.configuration().version()));
    }

    void onLearnerReady(ControllerMessage.LearnerReady message) {
        if (isPresent(message) && ready.add(message.learner())) {
            changeVoters();
        }
    }

    /** One step towards the wanted voters: learners first, then a leader that stays, then both sets at once. */
    private void changeVoters() {
        Leader leader = view.leader();
        Configuration configuration = view.configuration();
        if (configuration.voters().equals(wanted)) {
            wanted = List.of();
        }
        if (leader != null
                && configuration.isJoint()
                && !configuration.newVoters().contains(leader.replica())) {
            // Elected since: with it the change cannot end.
            if (nobodyTookOver(configuration)) {
                abortJoint();
            } else {
                handOverWithin(configuration.newVoters(), configuration);
            }
        }
        if (wanted.isEmpty() || leader == null || configuration.isJoint()) {
            return;
        }
        boolean complete = true;
        List<ReplicaId> next = nextVoters(configuration, leader.replica());
        for (ReplicaId voter : next) {
            if (!view.isMember(voter)) {
                ports.propose(new MetadataCommand.AddLearner(partition, voter));
            }
            complete &= configuration.isVoter(voter) || ready.contains(voter);
        }
        if (complete && next.contains(leader.replica())) {
            ports.propose(new MetadataCommand.BeginJoint(partition, configuration.version(), next));
        } else if (complete) {
            handOverWithin(next, configuration);
        }
    }

    private void handOverWithin(List<ReplicaId> staying, Configuration configuration) {
        if (handoverVersion != configuration.version()) {
            handoverVersion = configuration.version();
            handoverEpoch = view.epoch();
        }
        requestTransfer(staying.stream()
                .filter(configuration.voters()::contains)
                .mapToInt(ReplicaId::node)
                .findFirst()
                .orElse(ANY));
    }

    /** Those that stay may be dead: then each leader would hand over to one that goes as well, again and again. */
    private boolean nobodyTookOver(Configuration configuration) {
        return handoverVersion == configuration.version() && handoverEpoch < view.epoch();
    }

    /** The wanted ones; where none of those votes yet, or takes the lead, its leader stays for a while. */
    private List<ReplicaId> nextVoters(Configuration configuration, ReplicaId leader) {
        if (wanted.contains(leader)) {
            return wanted;
        }
        List<ReplicaId> withLeader = new ArrayList<>(wanted);
        withLeader.add(leader);
        boolean maybeTaken = wanted.stream().anyMatch(configuration::isVoter)
                && (!nobodyTookOver(configuration) || configuration.voters().containsAll(withLeader));
        return maybeTaken ? wanted : withLeader;
    }

    /** The mark is committed for good, whatever has become of the leader that says so; the version is what counts. */
    void onMarkCommitted(ControllerMessage.MarkCommitted message) {
        Configuration configuration = view.configuration();
        if (configuration.isJoint() && configuration.version() == message.configurationVersion()) {
            ports.propose(new MetadataCommand.FinishJoint(partition, configuration.version()));
        }
    }
}
