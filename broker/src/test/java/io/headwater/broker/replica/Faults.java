package io.headwater.broker.replica;

import java.util.List;
import java.util.SplittableRandom;

/** Crashes with loss of what was not synced, lost disks, cuts of links and of metadata, and power cuts of everybody. */
final class Faults {
    private final ReplicationWorld world;
    private final SplittableRandom random;

    Faults(ReplicationWorld world) {
        this.world = world;
        this.random = world.random().split();
    }

    void start() {
        int rate = world.profile().faultRate();
        world.timeline().in((100_000 + random.nextInt(900_000)) / rate, () -> {
            if (!world.isCalm()) {
                strike();
                start();
            }
        });
    }

    /** The first moments of a leader are the most delicate: it has what others lack and has not committed yet. */
    void onLeads(SimNode node) {
        if (world.isCalm() || random.nextInt(4) > 0) {
            return;
        }
        long incarnation = node.incarnation();
        world.timeline().in(random.nextInt(40_000), () -> {
            if (node.isUp() && node.incarnation() == incarnation && !world.isCalm()) {
                crash(node, 50_000 + random.nextInt(200_000), losesPower(node));
            }
        });
    }

    /** Where only what is on disk counts, with each crash: that loses the most. */
    private boolean losesPower(SimNode node) {
        return switch (world.profile().written()) {
            case NEVER -> true;
            case AND_ONE_LOSES_POWER -> random.nextInt(3) == 0 && mayLosePower(node);
            case AND_ALL_LOSE_POWER -> random.nextInt(3) > 0;
        };
    }

    private boolean mayAllLosePower() {
        return world.profile().written() == Profile.Written.AND_ALL_LOSE_POWER;
    }

    /** All others have all that they ever acknowledged. */
    private boolean mayLosePower(SimNode node) {
        return world.nodes().stream().noneMatch(each -> each != node && each.isSuspect());
    }

    /** To be sure to have heard all that is committed. */
    boolean areTooFewWhole() {
        return !new Quorums(Rules.ALL).isSealed(world.metadata().view().configuration(), voter -> {
            SimNode node = world.node(voter.node());
            return node.id().equals(voter) && !node.isSuspect();
        });
    }

    private void strike() {
        if (world.profile().hasDisasters() && random.nextInt(6) == 0) {
            disaster();
            return;
        }
        if (world.profile().hasDamage() && random.nextInt(4) == 0) {
            damage(world.node(random.nextInt(ReplicationWorld.NODES)));
            return;
        }
        int dice = random.nextInt(10);
        SimNode node = world.node(random.nextInt(ReplicationWorld.NODES));
        if (dice < 4) {
            if (node.isUp() && world.nodes().stream().filter(SimNode::isUp).count() > 2) {
                boolean wiped = random.nextInt(8) == 0 && !world.profile().commitsWritten() && mayLose(node);
                crash(node, 50_000 + random.nextInt(2_000_000 / world.profile().faultRate()), losesPower(node));
                if (wiped) {
                    node.wipe();
                }
            }
        } else if (dice < 6) {
            int other = random.nextInt(ReplicationWorld.NODES);
            cut(node, world.node(other));
            if (random.nextBoolean()) {
                cut(world.node(other), node);
            }
        } else if (dice == 6) {
            world.network().leaveAlone(node.number());
        } else if (dice == 7 && random.nextInt(mayAllLosePower() ? 1 : 6) == 0) {
            boolean power = world.profile().written() != Profile.Written.AND_ONE_LOSES_POWER;
            world.nodes().stream()
                    .filter(SimNode::isUp)
                    .forEach(each -> crash(each, 100_000 + random.nextInt(500_000), power));
        } else if (dice == 8 && world.profile().commitsWritten()) {
            world.metadata().alter(random.nextInt(4) > 0);
        } else if (dice == 8 && !world.profile().hasDisasters()) {
            if (mayLose(node)) {
                node.rot();
            }
        } else {
            world.network().heal();
        }
    }

    /** It stays as it is until another copy leads and all are there; or until somebody restarts it, which forgets the damage. */
    private void damage(SimNode node) {
        PartitionView view = world.metadata().view();
        if (node.isUp() && view.configuration().isVoter(node.id())) {
            node.goOffline();
            healOrForget(node);
        }
    }

    private void healOrForget(SimNode node) {
        world.timeline().in(5_000 + random.nextInt(60_000), () -> {
            if (node.isOffline() && mayGiveUp(node)) {
                node.giveUp();
            } else if (node.isOffline() && random.nextInt(20) == 0) {
                node.start();
            } else if (node.isOffline()) {
                healOrForget(node);
            }
        });
    }

    /**
     * The nodes of all voters are alive, and one of them leads, whose disk has all that is committed. Not while voters change:
     * they may let it go, and nobody who stays has it.
     */
    private boolean mayGiveUp(SimNode damaged) {
        PartitionView view = world.metadata().view();
        Leader leader = view.leader();
        if (leader == null
                || leader.node() == damaged.number()
                || !view.isLedByVoter()
                || view.configuration().isJoint()) {
            return false;
        }
        for (ReplicaId voter : view.configuration().allVoters()) {
            SimNode node = world.node(voter.node());
            boolean alive = node.isUp() || node.isOffline();
            if (!alive || !node.id().equals(voter)) {
                return false;
            }
        }
        SimNode node = world.node(leader.node());
        return node.isUp()
                && node.incarnation() == leader.incarnation()
                && !node.isSuspect()
                && node.log().durableIndex() == node.log().endIndex()
                && world.checker().hasAllCommitted(node);
    }

    /**
     * All voters but one are gone, some with their disks. Those that are not may come back. The one is a voter before and after
     * a change that may be about to end: otherwise nobody would be left.
     */
    private void disaster() {
        Configuration configuration = world.metadata().view().configuration();
        List<ReplicaId> voters = configuration.allVoters();
        SimNode survivor = world.node(voters.get(random.nextInt(voters.size())).node());
        boolean stays = configuration.voters().contains(survivor.id())
                && (!configuration.isJoint() || configuration.newVoters().contains(survivor.id()));
        if (!survivor.isUp() || !stays) {
            return;
        }
        for (ReplicaId voter : voters) {
            SimNode node = world.node(voter.node());
            if (node != survivor && node.isUp()) {
                crash(node, 200_000 + random.nextInt(1_500_000), true);
                if (random.nextBoolean()) {
                    node.wipe();
                }
            }
        }
        operate(survivor);
    }

    /** Somebody looks after the partition until it can go on, and takes what is cut off for dead. */
    private void operate(SimNode survivor) {
        world.timeline().in(20_000 + random.nextInt(200_000), () -> {
            SimNode chosen = isMember(survivor) ? survivor : anyMember(survivor);
            boolean recovered =
                    chosen.isUp() && world.metadata().recover(chosen.id(), chosen.incarnation(), this::seemsAlive);
            if (recovered) {
                world.checker().recovered(world.metadata().view().epoch());
            } else if (!world.isCalm() || !world.metadata().hasQuorum(this::seemsAlive)) {
                operate(survivor);
            }
        });
    }

    private boolean isMember(SimNode node) {
        return world.metadata().view().isMember(node.id());
    }

    /** A change of the voters that was taken back has left the survivor without a copy that counts. */
    private SimNode anyMember(SimNode survivor) {
        return world.nodes().stream()
                .filter(each -> each.isUp() && isMember(each))
                .findFirst()
                .orElse(survivor);
    }

    private boolean seemsAlive(ReplicaId replica) {
        SimNode node = world.node(replica.node());
        return node.isUp() && node.id().equals(replica) && !world.network().isAlone(replica.node());
    }

    private void cut(SimNode from, SimNode to) {
        world.network().cut(from.number(), to.number());
        if (from.isUp()) {
            from.replica().onDisconnected(to.number());
        }
    }

    private void crash(SimNode node, int downUs, boolean power) {
        node.crash(power);
        world.timeline().in(downUs, () -> {
            if (!node.isUp()) {
                node.start();
            }
        });
    }

    /**
     * A lost disk takes a copy away for good. What may be asked of the protocol is bounded by what is left: every other
     * voter has its disk, and one of them has all that is committed. Where every voter must have everything, and among
     * learners that are about to become voters, a lost disk may rightly stop a partition.
     */
    private boolean mayLose(SimNode node) {
        PartitionView view = world.metadata().view();
        Configuration configuration = view.configuration();
        if (!view.isMember(node.id())) {
            return true;
        }
        return configuration.isVoter(node.id())
                && world.profile().minCopies() < configuration.voters().size()
                && mayLose(node, configuration.voters())
                && mayLose(node, configuration.newVoters());
    }

    private boolean mayLose(SimNode lost, List<ReplicaId> voters) {
        if (!voters.contains(lost.id())) {
            return true;
        }
        if (voters.size() < ReplicationWorld.VOTERS) {
            return false; // the others are no quorum
        }
        boolean held = false;
        for (ReplicaId voter : voters) {
            SimNode node = world.node(voter.node());
            if (node == lost) {
                continue;
            }
            if (!node.id().equals(voter) || node.isEmptied() || node.isSuspect()) {
                return false;
            }
            held |= world.checker().hasAllCommitted(node);
        }
        return held;
    }
}
