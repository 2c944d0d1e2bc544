package io.headwater.broker.simulation;

import java.util.SplittableRandom;

/**
 * What a run is like.
 *
 * @param faultsNs how long things go wrong
 * @param everyNs about how often
 * @param longestNs how long one fault lasts at most
 * @param syncNs how long a sync takes at most, while the disk takes something
 * @param sessionMs after how long without a sign of life a node is fenced
 * @param lostMs after how long the replicas and the seat of a node that is fenced go to another one
 * @param kinds which faults there are, as bits by {@link Faults.Kind}
 */
record Profile(
        int partitions,
        int producers,
        int records,
        int workers,
        boolean keyed,
        long faultsNs,
        long everyNs,
        long longestNs,
        int kinds,
        long syncNs,
        int windowBytes,
        int frameBytes,
        long lostMs,
        long sessionMs) {
    private static final long MS = 1_000_000;
    private static final int ALL = (1 << Faults.Kind.values().length) - 1;

    /** One partition, and some seconds of faults. */
    static Profile brief(SplittableRandom random) {
        return random(random, 1, random.nextLong(3_000, 10_000) * MS, random.nextInt(20, 120));
    }

    /** Several partitions, and a minute of faults. */
    static Profile lengthy(SplittableRandom random) {
        return random(random, random.nextInt(2, 5), random.nextLong(30_000, 90_000) * MS, random.nextInt(300, 1_000));
    }

    /** One partition whose leader changes all the time: what shows that a rule is missed. */
    static Profile violent(SplittableRandom random) {
        return random(
                random,
                1,
                10_000 * MS,
                600,
                random.nextLong(20, 200) * MS,
                random.nextLong(100, 1_500) * MS,
                random.nextInt(2) == 0 ? ALL : ALL & ~(1 << Faults.Kind.WIPE.ordinal()),
                random.nextLong(200, 600));
    }

    private static Profile random(SplittableRandom random, int partitions, long faultsNs, int records) {
        return random(
                random,
                partitions,
                faultsNs,
                records,
                (long) (50 * Math.pow(40, random.nextDouble())) * MS,
                (long) (200 * Math.pow(40, random.nextDouble())) * MS,
                random.nextInt(3) == 0 ? ALL : random.nextInt(ALL + 1),
                random.nextBoolean() ? 4_000 : random.nextLong(400, 4_000));
    }

    private static Profile random(
            SplittableRandom random,
            int partitions,
            long faultsNs,
            int records,
            long everyNs,
            long longestNs,
            int kinds,
            long sessionMs) {
        return new Profile(
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
                random.nextBoolean() ? 2 << 20 : random.nextInt(1 << 10, 16 << 10),
                random.nextBoolean() ? 1 << 20 : random.nextInt(512, 4 << 10),
                random.nextBoolean() ? 600_000 : random.nextLong(2_000, 8_000),
                sessionMs);
    }
}
