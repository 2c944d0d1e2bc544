package io.headwater.broker.simulation;

import io.headwater.broker.SteppedBroker;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.storage.EpochStart;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Faults that wait for a certain moment, of which chance alone would rarely see the next one. Of a run with one partition. */
final class Plots {
    private static final long MS = 1_000_000;
    private static final long LOOK_NS = MS / 5;
    /** What has not come about by then is given up. */
    private static final long PATIENCE_NS = 3_000 * MS;
    /** How long it takes to ask for something, and to hear of it. */
    private static final long SOON_NS = 15 * MS;

    /** Machines with two majorities that have nobody in common. */
    private static final int PARTED = 4;
    /** Records that others have heard of meanwhile. */
    private static final int MISLEADING = 200;

    private final World world;
    private final SimulatedLoop time;
    private final BooleanSupplier over;
    private final Runnable ended;
    private final Consumer<Machine> rots;
    private final SplittableRandom random;

    /** What one copy is at a moment. */
    private record Copy(int leads, long commit, long end, long durable, int lastEpoch, long firstOfLastEpoch) {
        static Copy of(PartitionLog log, long commit, int leads) {
            try {
                List<EpochStart> epochs = log.epochs();
                long first =
                        epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).firstIndex();
                return new Copy(leads, commit, log.endIndex(), log.durableIndex(), log.lastEpoch(), first);
            } catch (StorageException e) {
                throw new AssertionError(e);
            }
        }
    }

    /**
     * @param ended told when a plot is, as there is one at a time
     * @param rots lets a bit flip on a disk
     */
    Plots(World world, BooleanSupplier over, Runnable ended, Consumer<Machine> rots, SplittableRandom random) {
        this.world = world;
        this.time = world.time();
        this.over = over;
        this.ended = ended;
        this.rots = rots;
        this.random = random;
    }

    private @Nullable Copy copyOn(Machine machine) {
        SteppedBroker broker = machine.serving();
        Copy[] found = new Copy[1];
        if (broker != null && !machine.isDead()) {
            broker.look((partition, log, commit, leads) -> {
                if (log.offlineReason() == null) {
                    found[0] = Copy.of(log, commit, leads);
                }
            });
        }
        return found[0];
    }

    /** Goes on with {@code then} when it is time, or ends the plot. */
    private void when(BooleanSupplier isTime, Runnable then) {
        when(isTime, then, time.nowNs() + PATIENCE_NS);
    }

    private void when(BooleanSupplier isTime, Runnable then, long untilNs) {
        if (over.getAsBoolean() || time.nowNs() > untilNs) {
            world.network().heal();
            ended.run();
        } else if (isTime.getAsBoolean()) {
            then.run();
        } else {
            time.schedule(LOOK_NS, () -> when(isTime, then, untilNs));
        }
    }

    private void alone(Machine machine, boolean in) {
        for (int each = 1; each <= world.machines(); each++) {
            world.network().cut(machine.number(), each, PATIENCE_NS);
            if (in) {
                world.network().cut(each, machine.number(), PATIENCE_NS);
            }
        }
    }

    private void dies(Machine machine) {
        if (machine.isUp()) {
            machine.crash(false);
            time.schedule(PATIENCE_NS, machine::start);
        }
    }

    private @Nullable Machine leader(@Nullable Machine butNot) {
        int leading = world.leadingMachine();
        Machine leader = leading == 0 ? null : world.machine(leading);
        return leader == butNot ? null : leader;
    }

    /**
     * A leader that nobody hears takes more and more; its successor dies as soon as it has committed the first entry of its epoch,
     * and the long tail of the one before is compared with the short log that has it.
     */
    void outrun() {
        Machine first = leader(null);
        if (first == null) {
            ended.run();
            return;
        }
        alone(first, true);
        when(() -> hasCommitted(leader(first)), () -> {
            Machine second = leader(first);
            if (second != null) {
                dies(second);
            }
            world.network().heal();
            ended.run();
        });
    }

    private boolean hasCommitted(@Nullable Machine leader) {
        Copy copy = leader == null ? null : copyOn(leader);
        return copy != null && copy.leads() == copy.lastEpoch() && copy.commit() > copy.firstOfLastEpoch();
    }

    /**
     * A leader has what nobody else has; so has its successor, which dies. The first one leads again and sends what it has, dies
     * when the first of it counts as committed, and the second one, whose last epoch is a later one, comes back.
     */
    void overtake() {
        Machine first = leader(null);
        if (first == null) {
            ended.run();
            return;
        }
        alone(first, true);
        when(() -> leader(first) != null, () -> {
            Machine second = leader(first);
            if (second == null) {
                ended.run();
                return;
            }
            alone(second, false);
            when(() -> hasBegun(second), () -> {
                dies(second);
                world.network().heal();
                leadsAgain(first, second);
            });
        });
    }

    private boolean hasBegun(Machine leader) {
        Copy copy = copyOn(leader);
        return copy != null
                && copy.leads() > 0
                && copy.leads() == copy.lastEpoch()
                && copy.durable() > copy.firstOfLastEpoch();
    }

    private void leadsAgain(Machine first, Machine second) {
        Copy before = copyOn(first);
        if (before == null) {
            ended.run();
            return;
        }
        int epoch = before.lastEpoch();
        when(
                () -> {
                    Copy now = copyOn(first);
                    return now != null && now.leads() > epoch + 1 && now.commit() > before.commit();
                },
                () -> {
                    dies(first);
                    second.start();
                    ended.run();
                });
    }

    /**
     * A copy rots and gives up what it has, while another one misses what the leader says; the leader, which alone has all of it
     * then, dies before the first one has it again.
     */
    void forget() {
        Machine leader = leader(null);
        Machine rotten = leader == null ? null : follower(leader, null);
        Machine behind = rotten == null ? null : follower(leader, rotten);
        Copy before = rotten == null ? null : copyOn(rotten);
        if (leader == null || rotten == null || behind == null || before == null) {
            ended.run();
            return;
        }
        world.network().cut(leader.number(), behind.number(), PATIENCE_NS);
        when(() -> leads(leader) && endOf(rotten) > before.end() + 4, () -> {
            long end = endOf(rotten);
            rots.accept(rotten);
            when(() -> leads(leader) && endOf(rotten) < end, () -> {
                long cut = endOf(rotten);
                when(() -> endOf(rotten) > cut, () -> {
                    dies(leader);
                    world.network().heal();
                    ended.run();
                });
            });
        });
    }

    /**
     * Those that know of a change of voters part from those that do not: its leader is left with a majority of the old voters,
     * and who decides has one of the new. So the one who has no vote on the metadata has to be on the leader's side.
     */
    void part() {
        Machine first = leader(null);
        Machine mute = any(machine -> !world.metadata().votes(machine.number()));
        if (first == null || mute == null || world.machines() != PARTED) {
            ended.run();
        } else if (votes(mute)) {
            part(mute);
        } else {
            Machine other = any(machine -> votes(machine) && machine != first);
            move(first, mute, other);
            when(() -> votes(mute) && !isJoint(), () -> part(mute));
        }
    }

    private void part(Machine mute) {
        Machine leader = leader(null);
        if (leader != null && leader.number() == world.metadata().leadingMachine()) {
            world.metadata().depose();
        }
        when(
                () -> world.metadata().leadingMachine() != 0
                        && leader(null) != null
                        && leader(null) == leader
                        && leader.number() != world.metadata().leadingMachine(),
                () -> part(Objects.requireNonNull(leader), mute));
    }

    private void part(Machine leader, Machine mute) {
        int deciding = world.metadata().leadingMachine();
        Machine with = leader != mute
                ? mute
                : any(machine -> votes(machine) && machine != leader && machine.number() != deciding);
        Machine stays = any(machine -> votes(machine) && machine != leader && machine != with);
        Machine comes = any(machine -> !votes(machine));
        if (with == null || stays == null || comes == null) {
            ended.run();
            return;
        }
        move(leader, stays, comes);
        when(this::isJoint, () -> {
            for (Machine one : List.of(leader, with)) {
                for (Machine other : List.of(stays, comes)) {
                    world.network().cut(one.number(), other.number(), PATIENCE_NS);
                    world.network().cut(other.number(), one.number(), PATIENCE_NS);
                }
            }
            when(() -> leader(leader) != null, () -> {
                world.network().heal();
                ended.run();
            });
        });
    }

    /** A leader that nobody but one client reaches is asked by that one where the log ends, while the others go on elsewhere. */
    void mislead() {
        Machine first = leader(null);
        if (first == null) {
            ended.run();
            return;
        }
        alone(first, true);
        for (Client each : world.clientsThatDoNotAsk()) {
            world.network().cut(each.number(), first.number(), PATIENCE_NS);
            world.network().cut(first.number(), each.number(), PATIENCE_NS);
            each.reset(first.number());
        }
        long told = world.history.toldUntil(partition().index());
        when(() -> world.history.toldUntil(partition().index()) > told + MISLEADING, () -> {
            world.network().heal();
            ended.run();
        });
    }

    /**
     * A leader is asked to hand over to one that misses what it says, while the third one, who decides, has it and does not sync
     * it; it does before it hears that the next one leads.
     */
    void hurry() {
        Machine first = leader(null);
        Machine next = first == null ? null : follower(first, null);
        Machine third = next == null ? null : follower(first, next);
        if (first == null || next == null || third == null) {
            ended.run();
            return;
        }
        whenDeciding(
                third,
                () -> whileStalled(third, () -> commitOf(first) > durableOf(third) + 1, () -> {
                    world.network().cut(first.number(), next.number(), PATIENCE_NS);
                    world.operator().handOver(partition(), next.nodeId());
                    long untilNs = time.nowNs() + random.nextLong(SOON_NS);
                    whileStalled(third, () -> time.nowNs() >= untilNs, () -> endsSoon());
                }));
    }

    /**
     * A leader hands over, and one that is behind hears of it before the two: it turns to the next leader, and goes on to be told what it
     * had missed by the one before. Of a run in which each message has one entry, and the next one follows when that is on disk.
     */
    void linger() {
        Machine first = leader(null);
        Machine behind = first == null ? null : follower(first, null);
        Machine next = behind == null ? null : follower(first, behind);
        if (first == null || behind == null || next == null) {
            ended.run();
            return;
        }
        whenDeciding(
                behind,
                () -> whileStalled(behind, () -> commitOf(first) - 4 > endOf(behind), () -> {
                    world.operator().handOver(partition(), next.nodeId());
                    whileStalled(behind, () -> leader(null) == next, () -> endsSoon());
                }));
    }

    /** No disk takes anything for a while, and then the power goes everywhere. */
    void blackOut() {
        long untilNs = time.nowNs() + random.nextLong(SOON_NS, 10 * SOON_NS);
        when(
                () -> {
                    eachMachine(machine -> machine.stall(2 * LOOK_NS));
                    return time.nowNs() >= untilNs;
                },
                () -> {
                    eachMachine(machine -> {
                        machine.crash(true);
                        time.schedule(random.nextLong(10 * SOON_NS), machine::start);
                    });
                    endsSoon();
                });
    }

    private void eachMachine(Consumer<Machine> what) {
        IntStream.rangeClosed(1, world.machines()).mapToObj(world::machine).forEach(what);
    }

    /** Goes on when that machine decides for the cluster: another one is chosen as long as it does not. */
    private void whenDeciding(Machine wanted, Runnable then) {
        when(
                () -> {
                    int deciding = world.metadata().leadingMachine();
                    if (deciding != wanted.number()) {
                        world.metadata().depose();
                    }
                    return deciding == wanted.number();
                },
                then);
    }

    /** The disk takes nothing until it is time. */
    private void whileStalled(Machine machine, BooleanSupplier isTime, Runnable then) {
        when(
                () -> {
                    machine.stall(2 * LOOK_NS);
                    return isTime.getAsBoolean();
                },
                then);
    }

    /** What was plotted takes its course. */
    private void endsSoon() {
        time.schedule(20 * SOON_NS, () -> {
            world.network().heal();
            ended.run();
        });
    }

    private long commitOf(Machine machine) {
        Copy copy = copyOn(machine);
        return copy == null ? 0 : copy.commit();
    }

    private long durableOf(Machine machine) {
        Copy copy = copyOn(machine);
        return copy == null ? Long.MAX_VALUE / 2 : copy.durable();
    }

    private PartitionInfo partition() {
        return world.partitions().get(0);
    }

    private boolean isJoint() {
        return partition().replicas().isJoint();
    }

    private boolean votes(Machine machine) {
        return partition().replicas().voters().stream().anyMatch(voter -> voter.nodeId() == machine.nodeId());
    }

    private void move(@Nullable Machine... voters) {
        if (Stream.of(voters).allMatch(each -> each != null && each.nodeId() != 0)) {
            world.operator()
                    .move(partition(), Stream.of(voters).map(Machine::nodeId).toList());
        }
    }

    private @Nullable Machine any(Predicate<Machine> wanted) {
        return IntStream.rangeClosed(1, world.machines())
                .mapToObj(world::machine)
                .filter(wanted)
                .findFirst()
                .orElse(null);
    }

    private boolean leads(Machine machine) {
        Copy copy = copyOn(machine);
        return copy != null && copy.leads() > 0;
    }

    /** Of the copy on a machine that is up; very far where none is. */
    private long endOf(Machine machine) {
        Copy copy = copyOn(machine);
        return copy == null ? Long.MAX_VALUE : copy.end();
    }

    /** The first that has a copy and is neither. */
    private @Nullable Machine follower(Machine leader, @Nullable Machine other) {
        return any(machine -> machine != leader && machine != other && copyOn(machine) != null);
    }
}
