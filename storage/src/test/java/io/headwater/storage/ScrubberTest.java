package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Damage that nobody reads is found all the same, at the pace that was asked for, whatever happens in between. */
class ScrubberTest {
    private static final Path PATH = Path.of("/data");
    private static final Path PARTITION = PATH.resolve("partitions/7");
    private static final long INTERVAL_MS = TimeUnit.DAYS.toMillis(7);
    private static final long RATE = 1 << 20;

    private record Suspicion(long baseIndex, long position) {}

    private final MemoryDisk disk = new MemoryDisk();
    private final List<Suspicion> suspicions = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private EntryAudit audit = EntryAudit.NONE;
    private long nowMs = 1_000_000_000_000L;

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    private final Scrubber.Suspicions found = new Scrubber.Suspicions() {
        @Override
        public void suspect(long partitionId, long baseIndex, long position) {
            suspicions.add(new Suspicion(baseIndex, position));
        }

        @Override
        public void diverged(long partitionId, String what) {
            complaints.add(partitionId + ": " + what);
        }
    };

    private Scrubber scrubber(TestDirectory dir) {
        return scrubber(dir, disk);
    }

    private Scrubber scrubber(TestDirectory dir, Disk on) {
        return new Scrubber(
                PATH,
                on,
                dir.directory.marks(),
                () -> nowMs,
                () -> TimeUnit.MILLISECONDS.toNanos(nowMs),
                new Scrubber.Settings(INTERVAL_MS, RATE),
                audit,
                found);
    }

    /** Sealed segments, and an open one with something in it; all of it durable. */
    private static void fill(TestDirectory dir) throws StorageException {
        for (int i = 0; i < 300; i++) {
            dir.append(dir.log(), 1000 + i, i, "value-" + i);
        }
        dir.commit(dir.log());
        dir.runBackground();
    }

    private List<Long> bases() throws IOException {
        return disk.list(PARTITION).stream()
                .map(LogContext::baseIndexOf)
                .filter(base -> base >= 0)
                .toList();
    }

    private static Path file(long base) {
        return LogContext.logPath(PARTITION, base);
    }

    /** Step by step, each when it is due; returns how long the round took. */
    private long round(Scrubber scrubber) {
        long startMs = nowMs;
        long ended = scrubber.roundEndedMs();
        while (scrubber.roundEndedMs() == ended) {
            step(scrubber);
        }
        return nowMs - startMs;
    }

    private void step(Scrubber scrubber) {
        long waitNs = scrubber.doWork();
        nowMs += TimeUnit.NANOSECONDS.toMillis(waitNs) + (waitNs > 0 ? 1 : 0);
    }

    @Test
    void findsABitWhereverItHasFlippedAndNothingWhereNoneHas() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            assertTrue(bases().size() > 3);
            round(scrubber(dir));
            assertEquals(List.of(), suspicions);
            for (long base : bases()) {
                // The header, the first envelope, its batch's header, its payload; and somewhere far behind.
                for (int position : new int[] {20, 64 + 20, 64 + 64 + 30, 64 + 64 + 61 + 5, 1500}) {
                    disk.flipBit(file(base), position, 3);
                    Scrubber scrubber = scrubber(dir);
                    nowMs += INTERVAL_MS;
                    round(scrubber);
                    assertEquals(1, suspicions.size(), base + " at " + position);
                    assertEquals(base, suspicions.get(0).baseIndex());
                    assertTrue(suspicions.get(0).position() <= position);
                    assertEquals(1, scrubber.suspected());
                    suspicions.clear();
                    disk.flipBit(file(base), position, 3);
                }
            }
            assertNull(dir.log().offlineReason());
        }
    }

    /** Segments that take many steps: each damage is found once, in whichever step, and what is behind it is read as well. */
    @Test
    void findsWhatIsBehindTheFirstStepOfASegmentAndGoesOn() throws IOException {
        StorageConfig config = new StorageConfig(
                6L * Scrubber.STEP_BYTES, 4096, 1 << 20, 16 << 10, 4096, 1 << 20, SyncMode.EVERY_COMMIT);
        try (TestDirectory dir = new TestDirectory(PATH, config, disk)) {
            for (int i = 0; i < 60; i++) {
                dir.append(dir.log(), 1000 + i, i, "v".repeat(100_000));
            }
            dir.commit(dir.log());
            dir.runBackground();
            List<Long> damaged = bases().subList(1, 3);
            for (long base : damaged) {
                disk.flipBit(file(base), 3L * Scrubber.STEP_BYTES, 3);
            }
            Scrubber scrubber = scrubber(dir);
            for (int steps = 0; scrubber.roundEndedMs() == 0; steps++) {
                assertTrue(steps < 1_000, "the round does not end: " + suspicions);
                step(scrubber);
            }
            assertEquals(damaged, suspicions.stream().map(Suspicion::baseIndex).toList());
            for (Suspicion each : suspicions) {
                assertTrue(each.position() > 2L * Scrubber.STEP_BYTES, each.toString());
                assertTrue(each.position() <= 3L * Scrubber.STEP_BYTES, each.toString());
            }
        }
    }

    @Test
    void aStepThatFailsInAnUnknownWayEndsNothing() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            // Once where it reads, once where it ends the round.
            Set<Boolean> failures = new HashSet<>();
            FaultyDisk strange = new FaultyDisk(disk);
            Scrubber scrubber = scrubber(dir, strange);
            strange.failOpens(path -> {
                if (failures.add(path.startsWith(PARTITION))) {
                    throw new IllegalStateException("strange");
                }
                return false;
            });
            disk.flipBit(file(bases().get(2)), 1500, 3);
            round(scrubber);
            step(scrubber);
            assertEquals(Set.of(true, false), failures);
            assertEquals(1, suspicions.size());
        }
    }

    @Test
    void whatIsFoundTakesTheLogOfflineAlthoughThisProcessHasWrittenOrReadIt() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            LogContent.all(dir.log());
            long base = bases().get(1);
            disk.flipBit(file(base), 1500, 3);
            round(scrubber(dir));
            Suspicion found = suspicions.get(0);
            CorruptLogException damage = assertThrows(
                    CorruptLogException.class, () -> dir.log().recheck(found.baseIndex(), found.position()));
            assertEquals(file(base), damage.file());
            assertEquals(found.position(), damage.position());
            assertNotNull(dir.log().offlineReason());
        }
    }

    @Test
    void whatCannotBeFoundAgainHurtsNobody() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            for (long base : bases()) {
                for (long position : new long[] {0, 64, 1000, 1 << 20}) {
                    dir.log().recheck(base, position);
                }
            }
            dir.log().recheck(5_000, 64);
            assertNull(dir.log().offlineReason());
        }
    }

    @Test
    void aLogThatNobodyHasOpenedIsReadToo() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
        }
        disk.flipBit(file(bases().get(0)), 1500, 3);
        try (TestDirectory dir = open()) {
            round(scrubber(dir));
            assertEquals(1, suspicions.size());
        }
    }

    @Test
    void aRoundIsSpreadOverItsTimeAndTheNextOneWaitsForIt() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            Scrubber scrubber = scrubber(dir);
            long tookMs = round(scrubber);
            assertTrue(tookMs < INTERVAL_MS && tookMs > INTERVAL_MS / 2, tookMs + " ms");
            long bytes = scrubber.bytes();
            assertTrue(bytes > 20_000, bytes + " bytes");
            tookMs += round(scrubber);
            assertTrue(tookMs > INTERVAL_MS * 3 / 2 && tookMs < 2 * INTERVAL_MS, tookMs + " ms");
            assertEquals(2 * bytes, scrubber.bytes());
        }
    }

    @Test
    void showsWhatIsCommittedEachOnceAndInOrder() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            List<Long> seen = new ArrayList<>();
            audit = (partitionId, envelope, payload) -> {
                seen.add(envelope.entryIndex());
                assertEquals(7, partitionId);
                assertTrue(payload.read().hasRemaining() || envelope.kind() == EntryKind.ROLL);
                return envelope.entryIndex() == 33 ? "entry 33 is wrong" : null;
            };
            Scrubber scrubber = scrubber(dir);
            round(scrubber);
            long end = dir.log().endIndex();
            assertEquals(LongStream.range(0, end).boxed().toList(), seen);
            assertEquals(List.of("7: entry 33 is wrong"), complaints);
            assertEquals(1, scrubber.divergences());
            assertEquals(List.of(), suspicions);

            // What others may still cut says nothing yet.
            seen.clear();
            dir.log().committed(100);
            dir.append(dir.log(), 5000, 5000, "more");
            dir.commit(dir.log());
            nowMs += INTERVAL_MS;
            round(scrubber);
            assertEquals(LongStream.range(0, 100).boxed().toList(), seen);
        }
    }

    @Test
    void whereThereIsTooMuchItKeepsToTheLimit() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            Scrubber scrubber = new Scrubber(
                    PATH,
                    disk,
                    dir.directory.marks(),
                    () -> nowMs,
                    () -> TimeUnit.MILLISECONDS.toNanos(nowMs),
                    new Scrubber.Settings(1_000, 4_000),
                    EntryAudit.NONE,
                    found);
            long tookMs = round(scrubber);
            // The last step is not waited for.
            assertTrue(tookMs >= (scrubber.bytes() - 8192) / 4, tookMs + " ms for " + scrubber.bytes());
        }
    }

    @Test
    void restartsDoNotBeginItAnew() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            disk.flipBit(file(bases().get(bases().size() - 1)), 1500, 3);
            Scrubber whole = scrubber(dir);
            round(whole);
            suspicions.clear();
            nowMs += 2 * INTERVAL_MS;
            long bytes = 0;
            int restarts = 0;
            long ended = whole.roundEndedMs();
            while (ended == whole.roundEndedMs()) {
                Scrubber scrubber = scrubber(dir);
                step(scrubber);
                step(scrubber);
                bytes += scrubber.bytes();
                ended = scrubber.roundEndedMs();
                scrubber.close();
                restarts++;
            }
            assertTrue(restarts > 2, restarts + " restarts");
            assertEquals(1, suspicions.size());
            assertTrue(bytes <= whole.bytes() + 8192, bytes + " (expected: about " + whole.bytes() + ")");
        }
    }

    @Test
    void aFileThatSaysNothingOfUseMeansARoundFromTheBeginning() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            try (Scrubber scrubber = scrubber(dir)) {
                step(scrubber);
                step(scrubber);
            }
            disk.flipBit(PATH.resolve("scrub"), 20, 1);
            Scrubber scrubber = scrubber(dir);
            assertEquals(0, scrubber.roundEndedMs());
            round(scrubber);
            assertEquals(List.of(), suspicions);
        }
    }

    @Test
    void whatIsDeletedReplacedOrCutMeanwhileIsNotSuspect() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir);
            Scrubber scrubber = scrubber(dir);
            step(scrubber);
            step(scrubber);
            dir.log().deleteOldSegments(1_000_000, -1, 10_000);
            dir.runBackground();
            dir.log().truncateTo(dir.log().endIndex() - 5, 0);
            round(scrubber);
            assertEquals(List.of(), suspicions);
        }
    }
}
