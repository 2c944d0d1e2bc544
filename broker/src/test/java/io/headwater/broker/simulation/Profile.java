package io.headwater.broker.simulation;

import io.headwater.client.AckLevel;
import java.util.SplittableRandom;

/**
 * What a run is like.
 *
 * @param machines how many; each partition has three copies
 * @param faultsNs how long things go wrong
 * @param everyNs about how often
 * @param longestNs how long one fault lasts at most
 * @param syncNs how long a sync takes at most, while the disk takes something
 * @param sessionMs after how long without a sign of life a node is fenced
 * @param lostMs after how long the replicas and the seat of a node that is fenced go to another one
 * @param kinds which faults there are, as bits by {@link Faults.Kind}
 * @param written whether the topic is at level replicated; then no machine loses power, which may lose something
 */
record Profile(
        int machines,
        int partitions,
        int producers,
        int records,
        int workers,
        boolean keyed,
        long faultsNs,
        long everyNs,
        long longestNs,
        long kinds,
        long syncNs,
        int windowBytes,
        int frameBytes,
        long lostMs,
        long sessionMs,
        boolean written) {
    private static final long MS = 1_000_000;
    /** The least that a message carries. */
    private static final int ONE_ENTRY = 1;

    private static final int LEAST_MACHINES = 3;
    private static final int MOST_MACHINES = 4;

    /** But for what has a profile of its own. */
    private static final long ALL = (1L << Faults.Kind.RELAY.ordinal() + 1) - 1;

    /** One partition, and two seconds in which much goes wrong: as many of them as there is time for. */
    static Profile brief(SplittableRandom random) {
        return random(
                random,
                1,
                random.nextLong(1_000, 3_000) * MS,
                random.nextInt(20, 80),
                upTo(random, 30, 10),
                upTo(random, 100, 20),
                someKinds(random),
                random.nextLong(300, 1_500));
    }

    /** Several partitions, and a minute of faults. */
    static Profile lengthy(SplittableRandom random) {
        return random(
                random,
                random.nextInt(2, 5),
                random.nextLong(30_000, 90_000) * MS,
                random.nextInt(300, 1_000),
                upTo(random, 50, 40),
                upTo(random, 200, 40),
                someKinds(random),
                random.nextBoolean() ? 4_000 : random.nextLong(400, 4_000));
    }

    /** One partition whose leader changes all the time, and much to lose: what shows that a rule is missed. */
    static Profile violent(SplittableRandom random) {
        return random(
                random,
                1,
                3_000 * MS,
                600,
                upTo(random, 20, 20),
                upTo(random, 100, 15),
                random.nextInt(3) == 0 ? someKinds(random) : fewKinds(random),
                random.nextLong(200, 600));
    }

    /** One partition, and leaders that lose their place at the worst moment: {@link Plots}. */
    static Profile plotted(SplittableRandom random) {
        int first = Faults.Kind.OUTRUN.ordinal();
        Faults.Kind[] kinds = Faults.Kind.values();
        return plotted(random, kinds[first + random.nextInt(kinds.length - first)]);
    }

    /** The same with one of the plots. */
    static Profile plotted(SplittableRandom random, Faults.Kind plot) {
        Profile some = random(
                random, 1, 8_000 * MS, 1_600, 400 * MS, 100 * MS, 1L << plot.ordinal(), random.nextLong(200, 600));
        return switch (plot) {
            case PART -> some.with(MOST_MACHINES, some.windowBytes(), some.frameBytes(), some.written());
            case HURRY -> some.with(LEAST_MACHINES, some.windowBytes(), some.frameBytes(), some.written());
            case LINGER -> some.with(LEAST_MACHINES, ONE_ENTRY, ONE_ENTRY, some.written());
            default -> some;
        };
    }

    /** One partition, and brokers that are alone for longer than it takes clients to find who leads in their place. */
    static Profile lonely(SplittableRandom random) {
        return random(
                random,
                1,
                40_000 * MS,
                400,
                300 * MS,
                8_000 * MS,
                1L << Faults.Kind.ISOLATE.ordinal(),
                random.nextLong(200, 600));
    }

    /** From so many milliseconds to so many times as much, and little as often as much. */
    private static long upTo(SplittableRandom random, long leastMs, int times) {
        return (long) (leastMs * Math.pow(times, random.nextDouble())) * MS;
    }

    private static long someKinds(SplittableRandom random) {
        return random.nextInt(3) == 0 ? ALL : random.nextLong(ALL + 1);
    }

    /** A plot or a handover, and sometimes something else. */
    private static long fewKinds(SplittableRandom random) {
        long few = ALL;
        for (int i = 0; i < 4; i++) {
            few &= random.nextLong(ALL + 1);
        }
        return 1L << Faults.Kind.RELAY.ordinal() - random.nextInt(4) | few;
    }

    private static Profile random(
            SplittableRandom random,
            int partitions,
            long faultsNs,
            int records,
            long everyNs,
            long longestNs,
            long kinds,
            long sessionMs) {
        // What takes a moment else takes long enough for faults to come in between.
        boolean stepwise = random.nextInt(3) == 0;
        return new Profile(
                random.nextInt(LEAST_MACHINES, MOST_MACHINES + 1),
                partitions,
                random.nextInt(1, 4),
                records,
                random.nextInt(0, 4),
                random.nextBoolean(),
                faultsNs,
                everyNs,
                longestNs,
                kinds,
                random.nextLong(200_000, 5 * MS),
                stepwise ? ONE_ENTRY : random.nextBoolean() ? 2 << 20 : random.nextInt(1 << 10, 16 << 10),
                stepwise ? ONE_ENTRY : random.nextBoolean() ? 1 << 20 : random.nextInt(512, 4 << 10),
                random.nextBoolean() ? 600_000 : random.nextLong(2_000, 8_000),
                sessionMs,
                false);
    }

    /** What acknowledgements name. */
    AckLevel level() {
        return written ? AckLevel.REPLICATED : AckLevel.PERSISTED;
    }

    /** The same at level replicated. */
    Profile atWritten() {
        return with(machines, windowBytes, frameBytes, true);
    }

    private Profile with(int otherMachines, int window, int frame, boolean atWritten) {
        return new Profile(
                otherMachines,
                partitions,
                producers,
                records,
                workers,
                keyed,
                faultsNs,
                everyNs,
                longestNs,
                kinds,
                syncNs,
                window,
                frame,
                lostMs,
                sessionMs,
                atWritten);
    }
}
