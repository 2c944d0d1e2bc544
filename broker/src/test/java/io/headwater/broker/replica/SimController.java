package io.headwater.broker.replica;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One of the controllers, with the suspicions, wishes and whims of its host: it takes live leaders for dead, moves
 * replicas and hands leaderships over for no reason, and forgets everything now and then.
 */
final class SimController implements ControllerPorts {
    static final long PARTITION = 7;
    private static final ControllerSettings SETTINGS = new ControllerSettings(20, 100);

    private final ReplicationWorld world;
    private final SplittableRandom random;
    private final int number;
    private Controller controller;

    SimController(ReplicationWorld world, int number) {
        this.world = world;
        this.random = world.random().split();
        this.number = number;
        this.controller = new Controller(this, SETTINGS, world.rules());
    }

    void start() {
        controller.onView(PARTITION, world.metadata().view());
        loop();
    }

    void onView(PartitionView view) {
        controller.onView(PARTITION, view);
    }

    void receive(ControllerMessage message) {
        controller.receive(PARTITION, message);
    }

    private void loop() {
        world.timeline().in(10_000 + random.nextInt(40_000), () -> {
            step();
            loop();
        });
    }

    private void step() {
        if (oneIn(60) && !world.isCalm()) {
            controller = new Controller(this, SETTINGS, world.rules());
        }
        PartitionView view = world.metadata().view();
        controller.onView(PARTITION, view);
        controller.tick(world.timeline().nowMs());
        Leader leader = view.leader();
        if (leader != null) {
            SimNode node = world.node(leader.node());
            boolean lost = !node.isUp() || node.incarnation() != leader.incarnation();
            if (lost && oneIn(3)) {
                controller.onNodeLost(leader.node(), leader.incarnation());
            }
        }
        if (!world.isCalm()) {
            meddle(view);
        }
        if (oneIn(6)) {
            rearrange(view);
        }
    }

    private void meddle(PartitionView view) {
        Leader leader = view.leader();
        int rate = world.profile().faultRate();
        if (leader == null ? oneIn(120) : oneIn(Math.max(2, 300 / rate))) {
            controller.seal(PARTITION);
        } else if (leader != null && world.network().isAlone(leader.node()) && oneIn(10)) {
            controller.onNodeLost(leader.node(), leader.incarnation());
        } else if (oneIn(60)) {
            controller.transfer(
                    PARTITION,
                    oneIn(2) ? 0 : view.configuration().preferredLeader().node());
        } else if (view.configuration().isJoint() && oneIn(40)) {
            controller.abortMove(PARTITION);
        }
    }

    /** Replaces a voter whose disk is gone, or else any one, or two. */
    private void rearrange(PartitionView view) {
        if (view.configuration().isJoint()) {
            if (lost(view.configuration().newVoters()) >= 0) {
                controller.abortMove(PARTITION);
            }
            return;
        }
        List<ReplicaId> voters = new ArrayList<>(view.configuration().voters());
        int out = lost(voters);
        boolean lost = out >= 0;
        if (!lost && (world.isCalm() || !oneIn(6))) {
            return;
        }
        List<ReplicaId> spare = spare(view.configuration());
        if (spare.isEmpty()) {
            return;
        }
        if (!lost && oneIn(3)) {
            resize(voters, spare.get(0));
        } else {
            voters.set(lost ? out : random.nextInt(voters.size()), spare.remove(random.nextInt(spare.size())));
            if (!lost && !spare.isEmpty() && oneIn(3)) {
                voters.set(random.nextInt(voters.size()), spare.get(0));
            }
        }
        Set<Integer> nodes = new HashSet<>();
        voters.forEach(voter -> nodes.add(voter.node()));
        if (nodes.size() == voters.size()) {
            controller.move(PARTITION, voters);
        }
    }

    /** The place of one whose disk is gone; below 0: none. */
    private int lost(List<ReplicaId> voters) {
        int out = voters.size() - 1;
        while (out >= 0 && world.node(voters.get(out).node()).id().equals(voters.get(out))) {
            out--;
        }
        return out;
    }

    /** One to three: a single voter writes no start of its epoch and stores no promise before it has to. */
    private void resize(List<ReplicaId> voters, ReplicaId spare) {
        // The power of one that is the only voter is the power of all.
        int fewest = world.profile().written() == Profile.Written.AND_ONE_LOSES_POWER ? 2 : 1;
        if (voters.size() <= fewest || (voters.size() < ReplicationWorld.VOTERS && random.nextBoolean())) {
            voters.add(spare);
        } else {
            voters.remove(random.nextInt(voters.size()));
        }
    }

    private List<ReplicaId> spare(Configuration configuration) {
        List<ReplicaId> spare = new ArrayList<>();
        for (int number = 0; number < ReplicationWorld.NODES; number++) {
            SimNode node = world.node(number);
            if (node.isUp() && !configuration.isVoter(node.id())) {
                spare.add(node.id());
            }
        }
        return spare;
    }

    private boolean oneIn(int chances) {
        return random.nextInt(chances) == 0;
    }

    @Override
    public void propose(MetadataCommand command) {
        if (random.nextInt(20) > 0) {
            world.timeline().in(300 + random.nextInt(5_000), () -> {
                world.timeline().trace(command);
                if (world.metadata().apply(command) && command instanceof MetadataCommand.Elect elect) {
                    elected(elect);
                }
            });
        }
    }

    private void elected(MetadataCommand.Elect elect) {
        boolean tooFewWhole = world.faults().areTooFewWhole();
        if (elect.mayLose()) {
            world.checker().lost(elect.epoch(), tooFewWhole);
        } else if (tooFewWhole) {
            world.checker().neededHealing();
        }
    }

    @Override
    public void requestSeal(int node, long partition, int epoch) {
        SimNode to = world.node(node);
        world.network().sendAside(to, 4_000, () -> {
            if (to.isUp()) {
                to.replica().onSealRequest(number, epoch);
            }
        });
    }

    @Override
    public void requestTransfer(int node, long partition, int epoch, int wanted) {
        SimNode to = world.node(node);
        world.network().sendAside(to, 4_000, () -> {
            if (to.isUp()) {
                to.replica().onTransferRequest(epoch, wanted);
            }
        });
    }
}
