package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MeasuresTest {
    @Test
    void aRateIsThatOfTheLastMinute() {
        RateMeter meter = new RateMeter();
        for (long ms = 0; ms < 300_000; ms += 100) {
            meter.record(ms, 10, 1000);
        }

        assertEquals(100, meter.recordsPerSecond(300_000), 10);
        assertEquals(10_000, meter.bytesPerSecond(300_000), 1000);
        assertEquals(0, meter.recordsPerSecond(400_000));
    }

    @Test
    void aYoungRateCountsFromItsFirstRecord() {
        RateMeter meter = new RateMeter();
        for (long ms = 1_000_000; ms < 1_002_000; ms += 100) {
            meter.record(ms, 1, 1);
        }

        assertEquals(10, meter.recordsPerSecond(1_002_000), 1);
    }

    @Test
    void percentilesAreWithinASixtyFourth() {
        Seeds.run(100, random -> {
            DelayHistogram histogram = new DelayHistogram();
            long[] delays = random.longs(1000, 0, 1L << random.nextInt(1, 38)).toArray();
            for (long delay : delays) {
                histogram.record(delay, 1);
            }
            Arrays.sort(delays);
            for (double share : new double[] {0.01, 0.5, 0.99, 1}) {
                long exact = delays[(int) Math.ceil(delays.length * share) - 1];
                long shown = histogram.percentile(share);
                assertTrue(Math.abs(shown - exact) <= exact / 64 + 1, () -> share + ": " + exact + " " + shown);
            }
        });
    }

    @Test
    void whatIsTheSameEveryTimeIsShownAsItIs() {
        DelayHistogram histogram = new DelayHistogram();
        long year = 31_557_600_000L;
        histogram.record(881 * year / 100, 1000);

        assertEquals(881 * year / 100, histogram.percentile(0.5));
        assertEquals(881 * year / 100, histogram.percentile(0.99));

        histogram.record(Long.MAX_VALUE, 1000);
        assertEquals(Long.MAX_VALUE, histogram.percentile(0.99));
    }

    @Test
    void nothingRecordedIsMinusOneAndAClockAheadIsNoDelay() {
        DelayHistogram histogram = new DelayHistogram();
        assertEquals(-1, histogram.percentile(0.5));

        histogram.record(-5, 3);
        histogram.record(Long.MAX_VALUE, 0);

        assertEquals(0, histogram.percentile(0.99));
        assertEquals(3, histogram.total());
    }
}
