package io.headwater.benchmarks.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoadTest {
    private static final long MS = 1_000_000L;
    private final MemoryTarget target = new MemoryTarget();
    private final AtomicLong clock = new AtomicLong();

    private LoadResult run(ProduceLoad load) {
        return new ProduceRun(load, target, progress -> {}, clock::get).run();
    }

    private static LatencySummary acknowledged(LoadResult result) {
        return Objects.requireNonNull(result.latencies().get("acknowledged"));
    }

    @Test
    void sendsAsManyRecordsAsAskedForAndSpreadsThemOverThePartitions() {
        LoadResult result = run(
                ProduceLoad.of("memory", "t").withRecords(10).withPartitions(4).withRecordBytes(7));

        assertEquals(10, result.records());
        assertEquals(70, result.bytes());
        assertEquals(List.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 1), target.partitionsUsed);
    }

    @Test
    void usesAllPartitionsOfATopicThatIsThereAlready() {
        target.topics.put("t", 2);

        run(ProduceLoad.of("memory", "t").withRecords(4).withPartitions(9));

        assertEquals(List.of(0, 1, 0, 1), target.partitionsUsed);
    }

    @Test
    void endsWhenTheTimeIsUpAlthoughRecordsAreLeft() {
        target.onSend = dueNs -> clock.addAndGet(MS);

        LoadResult result = run(ProduceLoad.of("memory", "t")
                .withRecords(1_000_000)
                .withRatePerSecond(1000)
                .withTimeLimit(Duration.ofMillis(50)));

        assertEquals(51, result.records());
    }

    @Test
    void countsTheTimeThatARecordWaitedBehindASlowOne() {
        // A stall of 100 ms at the first of records that are due every millisecond: an honest driver sees about 100
        // late records and not one.
        List<Long> stalls = new ArrayList<>(List.of(100L));
        target.onSend = dueNs -> {
            if (!stalls.isEmpty()) {
                clock.addAndGet(stalls.remove(0) * MS);
            }
        };

        LoadResult result = run(ProduceLoad.of("memory", "t").withRecords(100).withRatePerSecond(1000));

        LatencySummary latency = acknowledged(result);
        assertEquals(100, latency.count());
        assertEquals(50_000, latency.p50Us(), 2_000);
        assertEquals(100_000, latency.maxUs(), 200);
    }

    @Test
    void reportsRecordsThatFailed() {
        target.failure = new IllegalStateException("disk full");

        LoadResult result = run(ProduceLoad.of("memory", "t").withRecords(3));

        assertEquals(3, result.failed());
        assertTrue(result.firstFailure().contains("disk full"), result.firstFailure());
        assertTrue(result.text().contains("3 failed"), result.text());
    }

    @Test
    void readsWhatIsThereAndEndsWhenNothingComes() {
        run(ProduceLoad.of("memory", "t").withRecords(25).withRecordBytes(4));
        AtomicLong ticking = new AtomicLong();

        LoadResult result = new ConsumeRun(
                        ConsumeLoad.of("memory", "t").withRecords(1000),
                        target,
                        progress -> {},
                        () -> ticking.addAndGet(100 * MS))
                .run();

        assertEquals(25, result.records());
        assertEquals(100, result.bytes());
    }

    @Test
    void readsNoMoreThanAskedForByMuch() {
        run(ProduceLoad.of("memory", "t").withRecords(100).withRecordBytes(4));

        LoadResult result =
                new ConsumeRun(ConsumeLoad.of("memory", "t").withRecords(20), target, progress -> {}, clock::get).run();

        assertEquals(20, result.records());
    }

    @Test
    void timesEachRecordUntilItIsDelivered() {
        LoadResult result = LatencyLoad.of("memory", "t")
                .withRatePerSecond(2000)
                .withDuration(Duration.ofMillis(50), Duration.ofMillis(100))
                .run(target, progress -> {});

        assertEquals(200, result.records());
        assertEquals(0, result.failed(), result.firstFailure());
        assertEquals(
                200, Objects.requireNonNull(result.latencies().get("delivered")).count());
        assertEquals(200, acknowledged(result).count());
    }

    @Test
    void tellsRecordsThatWereLostFromRecordsThatWereRefused() {
        target.toRefuse = 3;
        target.toLose = 2;

        LoadResult result = latencyWithFastClock();

        assertEquals(3, result.failed());
        assertEquals(2, result.undelivered());
        assertTrue(result.firstFailure().contains("refused"), result.firstFailure());
        assertTrue(result.text().contains("acknowledged but not delivered: 2"), result.text());
        assertTrue(result.json().contains("\"failed\":3,\"undelivered\":2,"), result.json());
    }

    @Test
    void doesNotTakeSomebodyElsesRecordForOneOfItsOwn() {
        target.onSend = dueNs -> {
            if (dueNs != LoadTarget.Sink.UNTIMED) {
                synchronized (target) {
                    target.values.add("ABCDEFGHIJKLMNOP".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                }
            }
        };
        target.toLose = 1;

        LoadResult result = latencyWithFastClock();

        assertEquals(1, result.undelivered());
        assertEquals(0, result.failed());
        assertEquals(
                19, Objects.requireNonNull(result.latencies().get("delivered")).count());
    }

    /** Twenty records; ten seconds of waiting for what is lost pass in a moment. */
    private LoadResult latencyWithFastClock() {
        long start = System.nanoTime();
        LatencyLoad load = LatencyLoad.of("memory", "t")
                .withRatePerSecond(2000)
                .withDuration(Duration.ZERO, Duration.ofMillis(10));
        return new LatencyRun(load, target, progress -> {}, () -> start + 50 * (System.nanoTime() - start)).run();
    }

    @Test
    void writesOneLineOfJson() {
        String json = run(ProduceLoad.of("memory", "t").withRecords(5)).json();

        assertTrue(json.startsWith("{\"load\":\"produce\",\"settings\":{\"server\":\"memory\""), json);
        assertTrue(json.contains("\"records\":5,\"failed\":0"), json);
        assertTrue(json.contains("\"machine\":\""), json);
        assertEquals(1, json.lines().count());
    }

    @Test
    void tellsProgressTwiceASecond() {
        List<LoadProgress> told = new ArrayList<>();
        target.onSend = dueNs -> clock.addAndGet(10 * MS);

        new ProduceRun(
                        ProduceLoad.of("memory", "t").withRecords(200).withRatePerSecond(100),
                        target,
                        told::add,
                        clock::get)
                .run();

        assertEquals(3, told.size());
        assertEquals(50, told.get(0).done());
        assertEquals(100, told.get(0).recordsPerSecond(), 1);
    }

    @Test
    void doesNotTakeTheWholeMemoryForLargeRecords() {
        LoadResult result = run(ProduceLoad.of("memory", "t").withRecords(5).withRecordBytes(40 << 20));

        assertEquals(200L << 20, result.bytes());
        assertTrue(target.values.stream().distinct().count() == 1, "one value serves for all");
    }

    @Test
    void refusesWhatNoLoadCanMean() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> ProduceLoad.of("memory", "t").withRecords(0));
        assertEquals("records: 0 (expected: >= 1)", refused.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> LatencyLoad.of("memory", "t").withRecordBytes(4));
    }
}
