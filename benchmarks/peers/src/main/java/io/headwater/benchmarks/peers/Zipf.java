package io.headwater.benchmarks.peers;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Ranks from 0 on: the more frequent the lower, as words in a text. The same ones in each run. */
final class Zipf {
    /** As in YCSB. */
    private static final double EXPONENT = 0.99;

    private final double[] upTo;
    private final SplittableRandom random = new SplittableRandom(5);

    Zipf(int count) {
        upTo = new double[count];
        double sum = 0;
        for (int rank = 0; rank < count; rank++) {
            sum += 1 / Math.pow(rank + 1, EXPONENT);
            upTo[rank] = sum;
        }
    }

    int next() {
        int found = Arrays.binarySearch(upTo, random.nextDouble(upTo[upTo.length - 1]));
        return Math.min(upTo.length - 1, found < 0 ? -found - 1 : found);
    }
}
