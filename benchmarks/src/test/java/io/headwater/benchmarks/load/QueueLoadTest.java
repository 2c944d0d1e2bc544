package io.headwater.benchmarks.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class QueueLoadTest {
    private final MemoryQueue queue = new MemoryQueue();
    private final QueueLoad load = QueueLoad.of("memory", "t").withRecords(200).withRecordBytes(32);

    /** Ten seconds of waiting for what is lost pass in a moment. */
    private LoadResult run(QueueLoad what) {
        long start = System.nanoTime();
        return new QueueRun(what, queue, progress -> {}, () -> start + 50 * (System.nanoTime() - start)).run();
    }

    @Test
    void acknowledgesEveryRecordAndTimesEach() {
        LoadResult result = run(load.withConsumers(3));

        assertEquals(200, result.records());
        assertEquals(0, result.failed(), result.firstFailure());
        assertEquals(0, result.undelivered());
        assertEquals(6400, result.bytes());
        assertEquals(
                200, Objects.requireNonNull(result.latencies().get("delivered")).count());
        assertEquals(
                200,
                Objects.requireNonNull(result.latencies().get("acknowledged")).count());
        assertTrue(result.json().contains("\"counts\":{\"redelivered\":0,\"ackedTwice\":0,"), result.json());
    }

    @Test
    void doesNotTimeTheWarmUp() {
        LoadResult result = run(load.withWarmup(Duration.ofHours(1)));

        assertEquals(200, result.records());
        assertEquals(
                0, Objects.requireNonNull(result.latencies().get("delivered")).count());
    }

    @Test
    void noticesARecordThatIsAcknowledgedTwice() {
        queue.toRepeat = 2;

        LoadResult result = run(load.withConsumers(1));

        assertEquals(2, result.failed());
        assertEquals("2 records were acknowledged twice", result.firstFailure());
    }

    @Test
    void noticesARecordThatNeverComes() {
        queue.toLose = 3;

        LoadResult result = run(load);

        assertEquals(197, result.records());
        assertEquals(3, result.undelivered());
    }

    @Test
    void noticesARecordThatComesBehindALaterOneOfItsKey() {
        queue.toSwap = true;

        LoadResult result = run(load.withConsumers(1).withKeys(1));

        assertEquals("1 records came behind a later one of their key", result.firstFailure());
    }

    @Test
    void refusesRecordsThatCannotHoldTheirNumber() {
        assertThrows(IllegalArgumentException.class, () -> load.withRecordBytes(16));
    }
}
