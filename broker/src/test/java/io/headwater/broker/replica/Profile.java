package io.headwater.broker.replica;

import java.util.SplittableRandom;

/**
 * What one seed is like: each has its own mixture of faults.
 *
 * @param hasDisasters whether so many voters may be lost that an operator has to choose a leader
 * @param hasDamage whether several copies may be found damaged before the first one is whole again
 * @param written whether what is written is committed, and what of the power is lost then
 */
record Profile(
        int faultRate,
        int lossPermille,
        int lateViewOneIn,
        int entriesPerFrame,
        int entriesPerWindow,
        int minCopies,
        int chaosMs,
        boolean hasDisasters,
        boolean hasDamage,
        Written written) {
    static final int ENTRY_BYTES = 100;

    enum Written {
        /** Only what is on disk counts. */
        NEVER,
        /** Most of the time, and machines lose power one at a time, until each has again what it had. */
        AND_ONE_LOSES_POWER,
        /** Most of the time, and as many lose power as may be. */
        AND_ALL_LOSE_POWER
    }

    static Profile random(SplittableRandom random) {
        return new Profile(
                pick(random, 1, 3, 8, 10),
                pick(random, 0, 10, 60, 150),
                pick(random, 2, 20),
                pick(random, 1, 20),
                pick(random, 1, 20, 1_000),
                pick(random, 0, 0, 0, 0, 3),
                2_000 + random.nextInt(5_000),
                false,
                false,
                Written.NEVER);
    }

    /** One entry at a time: what takes a moment else takes long enough for faults to come in between. */
    static Profile stepwise(SplittableRandom random) {
        return new Profile(
                pick(random, 3, 10),
                pick(random, 10, 60),
                pick(random, 2, 20),
                1,
                1,
                0,
                5_000,
                false,
                false,
                Written.NEVER);
    }

    Profile withDisasters() {
        return with(true, hasDamage, written);
    }

    Profile withDamage() {
        return with(hasDisasters, true, written);
    }

    Profile withWritten(Written how) {
        return with(hasDisasters, hasDamage, how);
    }

    private Profile with(boolean disasters, boolean damage, Written how) {
        return new Profile(
                faultRate,
                lossPermille,
                lateViewOneIn,
                entriesPerFrame,
                entriesPerWindow,
                minCopies,
                chaosMs,
                disasters,
                damage,
                how);
    }

    boolean commitsWritten() {
        return written != Written.NEVER;
    }

    private static int pick(SplittableRandom random, int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    ReplicaSettings settings() {
        return new ReplicaSettings(entriesPerWindow * ENTRY_BYTES, entriesPerFrame * ENTRY_BYTES, 40, 5, 160);
    }
}
