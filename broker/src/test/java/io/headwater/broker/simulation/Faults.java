package io.headwater.broker.simulation;

import java.util.Arrays;
import java.util.SplittableRandom;

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
        CONTROLLER
    }

    private final World world;
    private final Profile profile;
    private final SplittableRandom random;
    final int[] counts = new int[Kind.values().length];
    private boolean over;
    private boolean wiped;

    Faults(World world, Profile profile, SplittableRandom random) {
        this.world = world;
        this.profile = profile;
        this.random = random;
    }

    void begin() {
        world.time().schedule(random.nextLong(profile.everyNs()), this::next);
    }

    private void next() {
        if (over) {
            return;
        }
        Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
        if ((profile.kinds() & 1 << kind.ordinal()) != 0) {
            counts[kind.ordinal()]++;
            strike(kind);
        }
        world.time().schedule(random.nextLong(2 * profile.everyNs()), this::next);
    }

    private void strike(Kind kind) {
        int victim = 1 + random.nextInt(world.machines());
        int other = 1 + random.nextInt(world.machines());
        Machine machine = world.machine(victim);
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
            case PAUSE -> machine.pause(someNs());
            case SLOW_DISK -> machine.stall(someNs());
            case CUT -> {
                cut(victim, other);
                cut(other, victim);
                healLater();
            }
            case CUT_ONE_WAY -> {
                cut(victim, other);
                healLater();
            }
            case ISOLATE -> {
                boolean in = random.nextBoolean();
                boolean out = !in || random.nextBoolean();
                for (int each = 1; each <= world.machines(); each++) {
                    if (in) {
                        cut(each, victim);
                    }
                    if (out) {
                        cut(victim, each);
                    }
                }
                healLater();
            }
            case RESET -> world.network().breakOne();
            case CLIENT_RESET -> world.client(random).reset(victim);
            case CLIENT_CUT -> {
                int client = world.client(random).number();
                if (random.nextInt(3) > 0) {
                    cut(client, victim);
                }
                cut(victim, client);
                healLater();
            }
            case CONTROLLER -> world.metadata().depose();
        }
    }

    private long someNs() {
        return random.nextLong(profile.longestNs());
    }

    private void cut(int from, int to) {
        world.network().cut(from, to);
    }

    private void healLater() {
        world.time().schedule(someNs(), world.network()::heal);
    }

    private void crash(Machine machine, boolean power, long downNs) {
        if (machine.isUp()) {
            machine.crash(power);
            world.time().schedule(downNs, machine::start);
        }
    }

    /** Once in a run: two of three would be too many. */
    private void wipe(Machine machine) {
        if (!wiped) {
            wiped = true;
            machine.crash(random.nextBoolean());
            machine.wipe();
            world.time().schedule(someNs(), machine::start);
        }
    }

    /** Everything is as it should be from now on. */
    void end() {
        over = true;
        world.network().heal();
        for (int each = 1; each <= world.machines(); each++) {
            world.machine(each).start();
        }
    }

    @Override
    public String toString() {
        return Arrays.toString(counts);
    }
}
