package io.headwater.broker.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The metadata of one partition, as a plain compare-and-set state machine. */
final class SimMetadata {
    private final Runnable onChange;
    private long index;
    private int epoch = 1;
    private @Nullable Leader leader;
    private Configuration configuration;
    private final List<ReplicaId> learners = new ArrayList<>();
    private long incarnations;
    private int recoveredEpoch;
    private boolean commitsWritten;

    SimMetadata(List<ReplicaId> voters, int minCopies, Runnable onChange) {
        this.configuration = new Configuration(0, voters, List.of(), minCopies);
        this.onChange = onChange;
    }

    PartitionView view() {
        return new PartitionView(index, epoch, leader, configuration, learners, recoveredEpoch, commitsWritten);
    }

    long newIncarnation() {
        return ++incarnations;
    }

    /** Returns whether it took effect. */
    boolean apply(MetadataCommand command) {
        boolean took = take(command);
        if (took) {
            index++;
            onChange.run();
        }
        return took;
    }

    /** The topic gets another level. */
    void alter(boolean toWritten) {
        commitsWritten = toWritten;
        index++;
        onChange.run();
    }

    /** Whether anything can be committed. */
    boolean hasQuorum(Predicate<ReplicaId> alive) {
        return hasQuorum(configuration.voters(), alive)
                && (!configuration.isJoint() || hasQuorum(configuration.newVoters(), alive));
    }

    private boolean hasQuorum(List<ReplicaId> voters, Predicate<ReplicaId> alive) {
        return voters.stream().filter(alive).count() >= configuration.writeQuorum(voters.size());
    }

    /** An operator gives up what this replica does not hold; only while nothing can be committed. */
    boolean recover(ReplicaId replica, long incarnation, Predicate<ReplicaId> alive) {
        if (hasQuorum(alive) || !view().isMember(replica)) {
            return false;
        }
        index++;
        newEpoch(new Leader(replica, incarnation));
        recoveredEpoch = epoch;
        configure(List.of(replica), List.of());
        learners.clear();
        onChange.run();
        return true;
    }

    private boolean take(MetadataCommand command) {
        if (command instanceof MetadataCommand.Seal seal) {
            return seal.epoch() == epoch && newEpoch(null);
        } else if (command instanceof MetadataCommand.Elect elect) {
            return elect(elect);
        } else if (command instanceof MetadataCommand.Transfer transfer) {
            return transfer.epoch() == epoch
                    && leader != null
                    && configuration.isVoter(transfer.leader().replica())
                    && newEpoch(transfer.leader());
        } else if (command instanceof MetadataCommand.AddLearner add) {
            return !view().isMember(add.learner()) && learners.add(add.learner());
        } else if (command instanceof MetadataCommand.BeginJoint begin) {
            return !configuration.isJoint()
                    && begin.configurationVersion() == configuration.version()
                    && configure(configuration.voters(), begin.newVoters());
        } else if (command instanceof MetadataCommand.FinishJoint finish) {
            return configuration.isJoint()
                    && finish.configurationVersion() == configuration.version()
                    && configure(configuration.newVoters(), List.of());
        } else if (command instanceof MetadataCommand.AbortJoint abort) {
            return configuration.isJoint()
                    && abort.configurationVersion() == configuration.version()
                    && configure(configuration.voters(), List.of());
        }
        throw new AssertionError(command);
    }

    private boolean elect(MetadataCommand.Elect elect) {
        if (elect.epoch() != epoch || leader != null || elect.configurationVersion() != configuration.version()) {
            return false;
        }
        leader = elect.leader();
        recoveredEpoch = elect.mayLose() ? epoch : recoveredEpoch;
        return true;
    }

    private boolean newEpoch(@Nullable Leader next) {
        epoch++;
        leader = next;
        return true;
    }

    private boolean configure(List<ReplicaId> voters, List<ReplicaId> newVoters) {
        configuration = new Configuration(configuration.version() + 1, voters, newVoters, configuration.minCopies());
        learners.removeAll(voters);
        return true;
    }
}
