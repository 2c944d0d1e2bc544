package io.headwater.broker.simulation;

import io.headwater.broker.metadata.NodeInfo;
import io.headwater.client.fake.SimulatedLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What goes wrong in a run, until it is told to stop. */
final class Faults {
    enum Kind {
        KILL,
        POWER_CUT,
        DIE_WRITING,
        ALL_DIE,
        WIPE,
        PAUSE,
        SLOW_DISK,
        CUT,
        CUT_ONE_WAY,
        ISOLATE,
        RESET,
        CLIENT_RESET,
        CLIENT_CUT,
        CONTROLLER,
        MOVE,
        ROT,
        CLOCK,
        FAIL_SYNC,
        FAIL_READ,
        FULL,
        LOSE_FILE,
        TOPICS,
        DECOMMISSION,
        HAND_OVER,
        ESTRANGE,
        SPLIT,
        RELAY,
        /** As those that follow, in a profile of its own: {@link Plots}. */
        OUTRUN,
        OVERTAKE,
        FORGET,
        PART,
        MISLEAD,
        HURRY,
        LINGER,
        BLACK_OUT;

        /** What goes on for a while and says when it strikes: one at a time, or they would be in each other's way. */
        boolean isPlot() {
            return ordinal() >= ESTRANGE.ordinal();
        }

        /** Whether it has a profile of its own. */
        boolean isPlotted() {
            return ordinal() >= OUTRUN.ordinal();
        }
    }

    private static final long MS = 1_000_000;
    private static final long CLOCK_OFF_MS = 10_000;
    private static final int LITTLE_ROOM = 32 << 10;
    private static final long DEPARTURE_NS = 20 * MS;
    /** A successor that is not there by then is waited for no longer. */
    private static final long RELAY_NS = 2_000 * MS;
    /** The same of a change of voters. */
    private static final long JOINT_NS = 5_000 * MS;

    private final World world;
    private final SimulatedLoop time;
    private final Profile profile;
    private final SplittableRandom random;
    private final List<Kind> kinds = new ArrayList<>();
    private final Plots plots;
    final int[] counts = new int[Kind.values().length];
    private boolean over;
    private boolean plotting;
    private boolean wiped;
    /** The one whose disk does not keep what it was given. */
    private @Nullable Machine rotten;
    /** What leaves for good, or has left. */
    private int leaving;

    private boolean replaced;
    private int filesLost;

    Faults(World world, Profile profile, SplittableRandom random) {
        this.world = world;
        this.time = world.time();
        this.profile = profile;
        this.random = random;
        this.plots = new Plots(world, () -> over, () -> plotting = false, this::rot, random.split());
        for (Kind each : Kind.values()) {
            if ((profile.kinds() & 1L << each.ordinal()) != 0) {
                kinds.add(each);
            }
        }
    }

    void begin() {
        time.schedule(random.nextLong(profile.everyNs()), this::next);
    }

    private void next() {
        if (over) {
            return;
        }
        if (!kinds.isEmpty()) {
            Kind kind = kinds.get(random.nextInt(kinds.size()));
            if (!kind.isPlot() || !plotting) {
                plotting |= kind.isPlot();
                counts[kind.ordinal()]++;
                strike(kind);
            }
        }
        time.schedule(random.nextLong(2 * profile.everyNs()), this::next);
    }

    private void strike(Kind kind) {
        Machine machine = someone();
        int victim = machine.number();
        world.trace(kind.ordinal() * 31L + victim);
        switch (kind) {
            case KILL -> crash(machine, false, someNs());
            case POWER_CUT -> crash(machine, true, someNs());
            case DIE_WRITING -> {
                boolean power = random.nextBoolean();
                machine.dieWriting(random.nextInt(60), () -> crash(machine, power, someNs()));
            }
            case ALL_DIE -> {
                boolean power = random.nextBoolean();
                for (int each = 1; each <= world.machines(); each++) {
                    crash(world.machine(each), power, someNs());
                }
            }
            case WIPE -> wipe(machine);
            case ROT -> rot(machine);
            case CLOCK -> machine.setClockOff(random.nextLong(-CLOCK_OFF_MS, CLOCK_OFF_MS));
            case FAIL_SYNC -> {
                // Not where what is not synced counts: it would be missing.
                if (!profile.written()) {
                    machine.failSyncs();
                    restartIfFailing(machine);
                }
            }
            case FAIL_READ -> {
                machine.failReads();
                restartIfFailing(machine);
            }
            case FULL -> machine.fill(random.nextBoolean() ? 0 : random.nextInt(LITTLE_ROOM), someNs());
            case LOSE_FILE -> loseFile(machine);
            case TOPICS -> world.operator().comeOrGo();
            case DECOMMISSION -> decommission(machine);
            case PAUSE -> machine.pause(someNs());
            case SLOW_DISK -> machine.stall(someNs());
            case CUT -> {
                int other = someone().number();
                long forNs = someNs();
                world.network().cut(victim, other, forNs);
                world.network().cut(other, victim, forNs);
            }
            case CUT_ONE_WAY -> world.network().cut(victim, someone().number(), someNs());
            case ISOLATE -> {
                boolean in = random.nextBoolean();
                isolate(victim, in, !in || random.nextBoolean(), someNs());
            }
            case RESET -> world.network().breakOne();
            case CLIENT_RESET -> world.client(random).reset(victim);
            case CLIENT_CUT -> {
                int client = world.client(random).number();
                long forNs = someNs();
                if (random.nextInt(3) > 0) {
                    world.network().cut(client, victim, forNs);
                }
                world.network().cut(victim, client, forNs);
            }
            case CONTROLLER -> world.metadata().depose();
            case MOVE -> world.operator().move();
            case HAND_OVER -> handOver(machine);
            case ESTRANGE -> estrange();
            case SPLIT -> {
                world.operator().move();
                splitWhenJoint(time.nowNs() + JOINT_NS);
            }
            case OUTRUN -> plots.outrun();
            case OVERTAKE -> plots.overtake();
            case FORGET -> plots.forget();
            case PART -> plots.part();
            case MISLEAD -> plots.mislead();
            case HURRY -> plots.hurry();
            case LINGER -> plots.linger();
            case BLACK_OUT -> plots.blackOut();
            case RELAY -> relay(1 + random.nextInt(3), null, time.nowNs() + RELAY_NS);
        }
    }

    /** Whoever leads a partition, or the metadata's voters, is in the midst of more than others are. */
    private Machine someone() {
        int dice = random.nextInt(4);
        int chosen = dice == 0
                ? world.leadingMachine()
                : dice == 1 ? world.metadata().leadingMachine() : 0;
        return world.machine(chosen != 0 ? chosen : 1 + random.nextInt(world.machines()));
    }

    private long someNs() {
        return random.nextLong(profile.longestNs());
    }

    private void isolate(int victim, boolean in, boolean out, long forNs) {
        for (int each = 1; each <= world.machines(); each++) {
            if (in) {
                world.network().cut(each, victim, forNs);
            }
            if (out) {
                world.network().cut(victim, each, forNs);
            }
        }
    }

    /** A leader hands over, sometimes while another broker misses what it says. */
    private void handOver(Machine straggler) {
        int leading = world.leadingMachine();
        if (leading != 0 && random.nextInt(3) > 0) {
            world.network().cut(leading, straggler.number(), random.nextLong(200 * MS));
        }
        time.schedule(random.nextLong(80 * MS), () -> {
            if (!over) {
                world.operator().handOver();
            }
        });
    }

    private void endPlotIn(long ns) {
        time.schedule(ns, () -> plotting = false);
    }

    /**
     * A leader and whoever decides do not reach each other; or a leader does not hear one of the others, which decides from
     * then on if it gets the vote, and has all that the leader says.
     */
    private void estrange() {
        int leading = world.leadingMachine();
        int deciding = world.metadata().leadingMachine();
        long forNs = profile.sessionMs() * MS + someNs();
        boolean isDeaf = random.nextBoolean() || leading == deciding;
        if (isDeaf && leading != 0) {
            world.network().cut(1 + random.nextInt(world.machines()), leading, forNs);
            world.metadata().depose();
        } else if (leading != 0 && deciding != 0) {
            world.network().cut(leading, deciding, forNs);
            world.network().cut(deciding, leading, forNs);
        }
        endPlotIn(forNs);
    }

    /** Those that a change of voters is between part while two sets have to agree, and some do not know of it yet. */
    private void splitWhenJoint(long untilNs) {
        boolean isJoint =
                world.partitions().stream().anyMatch(each -> each.replicas().isJoint());
        if (isJoint && !over) {
            split();
        } else if (!over && time.nowNs() < untilNs) {
            time.schedule(2 * MS, () -> splitWhenJoint(untilNs));
        } else {
            plotting = false;
        }
    }

    /** Each half reaches nobody in the other. */
    private void split() {
        int half = random.nextInt(1, (1 << world.machines()) - 1);
        long forNs = profile.sessionMs() * MS + someNs();
        for (int one = 1; one <= world.machines(); one++) {
            for (int other = 1; other <= world.machines(); other++) {
                if ((half >> (one - 1) & 1) != (half >> (other - 1) & 1)) {
                    world.network().cut(one, other, forNs);
                }
            }
        }
        endPlotIn(forNs);
    }

    /**
     * One leader after the other is alone for a moment and dies; the one before comes back just then, with what nobody else
     * has.
     */
    private void relay(int more, @Nullable Machine before, long untilNs) {
        int leading = world.leadingMachine();
        if (over || time.nowNs() > untilNs) {
            plotting = false;
            return;
        }
        if (leading == 0 || world.machine(leading) == before) {
            time.schedule(5 * MS, () -> relay(more, before, untilNs));
            return;
        }
        Machine leader = world.machine(leading);
        long lifeNs = random.nextLong((random.nextBoolean() ? 100 : 400) * MS);
        time.schedule(Math.max(0, lifeNs - random.nextLong(80 * MS)), () -> isolate(leading, false, true, 100 * MS));
        if (before != null) {
            time.schedule(Math.max(0, lifeNs - random.nextLong(40 * MS)), before::start);
        }
        time.schedule(lifeNs, () -> {
            // It is back with the death of its successor, or some time later.
            crash(leader, random.nextInt(3) == 0, 1_000 * MS + someNs());
            if (more > 0) {
                relay(more - 1, leader, time.nowNs() + RELAY_NS);
            } else {
                plotting = false;
            }
        });
    }

    private void crash(Machine machine, boolean power, long downNs) {
        if (machine.isUp()) {
            machine.crash(power && !profile.written());
            time.schedule(downNs, machine::start);
        }
    }

    /** A disk fails until somebody starts the broker again. */
    private void restartIfFailing(Machine machine) {
        boolean power = random.nextBoolean();
        time.schedule(someNs(), () -> {
            if (machine.isFailing()) {
                crash(machine, power, someNs());
            }
        });
    }

    /** On one machine in a run, and none is wiped then: what two of three have lost is lost. */
    private void rot(Machine machine) {
        if (!wiped && (rotten == null || rotten == machine) && machine.rot()) {
            rotten = machine;
        }
    }

    /** On the machine that rots, for the same reason. */
    private void loseFile(Machine machine) {
        if (!wiped && (rotten == null || rotten == machine)) {
            machine.crash(random.nextBoolean() && !profile.written());
            if (machine.loseFile()) {
                rotten = machine;
                filesLost++;
            }
            time.schedule(someNs(), machine::start);
        }
    }

    /**
     * Of four, one leaves for good, once in a run, and only where no disk is lost: who has been away is waited for first. When it is no part
     * of the cluster any more, it comes back as a new one.
     */
    private void decommission(Machine machine) {
        int node = machine.nodeId();
        if (leaving == 0 && !wiped && world.machines() > World.REPLICAS && node != 0) {
            leaving = node;
            world.operator().decommission(node);
            awaitDeparture(machine);
        }
    }

    private void awaitDeparture(Machine machine) {
        if (world.metadata().image().node(leaving) != null) {
            time.schedule(DEPARTURE_NS, () -> awaitDeparture(machine));
        } else {
            machine.crash(false);
            machine.wipe();
            replaced = true;
            time.schedule(someNs(), machine::start);
        }
    }

    /** Whether a node is on its way out; once nobody asks for that any more. */
    boolean isLeaving() {
        NodeInfo node = world.metadata().image().node(leaving);
        return node == null ? leaving != 0 && !replaced : node.draining();
    }

    /** How often a fault of that kind did what it is there for; of those of which it is not certain. */
    int seen(Kind kind) {
        return switch (kind) {
            case FULL -> world.sum(Machine::fullErrors);
            case FAIL_READ -> world.sum(Machine::readErrors);
            case LOSE_FILE -> filesLost;
            case TOPICS -> world.operator().topicsDeleted();
            case DECOMMISSION -> replaced ? 1 : 0;
            default -> counts[kind.ordinal()];
        };
    }

    /** Once in a run: two of three would be too many. */
    private void wipe(Machine machine) {
        if (!wiped && rotten == null && leaving == 0) {
            wiped = true;
            machine.crash(random.nextBoolean());
            machine.wipe();
            time.schedule(someNs(), machine::start);
        }
    }

    /** Everything is as it should be from now on. */
    void end() {
        over = true;
        if (rotten != null) {
            rotten.searchOnceMore();
        }
        world.network().heal();
        for (int each = 1; each <= world.machines(); each++) {
            world.machine(each).setClockOff(0);
            world.machine(each).makeRoom();
            if (world.machine(each).isFailing()) {
                world.machine(each).crash(false);
            }
            world.machine(each).start();
        }
    }

    @Override
    public String toString() {
        return Arrays.stream(Kind.values())
                .filter(each -> counts[each.ordinal()] > 0)
                .map(each -> each + " " + counts[each.ordinal()]
                        + (seen(each) == counts[each.ordinal()] ? "" : " (" + seen(each) + ")"))
                .collect(Collectors.joining(", "));
    }
}
