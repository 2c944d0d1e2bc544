package io.headwater.broker.simulation;

import java.util.SplittableRandom;

/**
 * What a run is like.
 *
 * @param faultsNs how long things go wrong
 * @param everyNs about how often
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
        int kinds,
        long syncNs) {
    private static final long MS = 1_000_000;

    /** One partition, and some seconds of faults. */
    static Profile brief(SplittableRandom random) {
        return random(random, 1, random.nextLong(3_000, 10_000) * MS, random.nextInt(20, 120));
    }

    /** Several partitions, and a minute of faults. */
    static Profile lengthy(SplittableRandom random) {
        return random(random, random.nextInt(2, 5), random.nextLong(30_000, 90_000) * MS, random.nextInt(300, 1_000));
    }

    private static Profile random(SplittableRandom random, int partitions, long faultsNs, int records) {
        int all = (1 << Faults.Kind.values().length) - 1;
        return new Profile(
                partitions,
                random.nextInt(1, 4),
                records,
                random.nextInt(0, 4),
                random.nextBoolean(),
                faultsNs,
                random.nextLong(100, 2_000) * MS,
                random.nextInt(3) == 0 ? all : random.nextInt(all + 1),
                random.nextLong(200_000, 5 * MS));
    }
}
