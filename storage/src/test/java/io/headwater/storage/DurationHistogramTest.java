package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DurationHistogramTest {
    @Test
    void isEmptyAtFirst() {
        DurationHistogram histogram = new DurationHistogram();
        assertEquals(0, histogram.count());
        assertEquals(0, histogram.percentileUs(99));
        assertThrows(IllegalArgumentException.class, () -> histogram.percentileUs(101));
    }

    @Test
    void knowsPercentilesToAnEighth() {
        Seeds.run(50, random -> {
            DurationHistogram histogram = new DurationHistogram();
            long[] us = new long[1 + random.nextInt(500)];
            for (int i = 0; i < us.length; i++) {
                us[i] = random.nextLong(1L << random.nextInt(1, 27));
                histogram.recordNs(us[i] * 1000 + random.nextInt(1000));
            }
            Arrays.sort(us);
            for (double percentile : new double[] {0, 10, 50, 90, 99, 100}) {
                int rank = Math.max(1, (int) Math.ceil(us.length * percentile / 100));
                long exact = us[rank - 1];
                long told = histogram.percentileUs(percentile);
                assertTrue(told >= exact && told <= exact + exact / 8 + 1, told + " for " + exact);
            }
            assertEquals(us.length, histogram.count());
            assertEquals(Arrays.stream(us).sum(), histogram.sumUs());
            assertEquals(us[us.length - 1], histogram.maxUs());
        });
    }

    @Test
    void countsWhatIsOffItsScale() {
        DurationHistogram histogram = new DurationHistogram();
        histogram.recordNs(Long.MAX_VALUE);
        histogram.recordNs(-1);
        assertEquals(2, histogram.count());
        assertEquals(0, histogram.percentileUs(50));
    }
}
