package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.record.EventTimes;
import io.headwater.record.Hole;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordFilter;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records go from sealed segments, and everything else stays as it was. */
class LogRewriteTest {
    private static final Path PATH = Path.of("/data");
    private static final Path PARTITION = PATH.resolve("partitions/7");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open() throws IOException {
        return open(disk);
    }

    private static TestDirectory open(Disk disk) throws IOException {
        TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
        dir.log().checkpointSource(() -> ByteBuffer.wrap(new byte[] {42}));
        return dir;
    }

    /** Batches of three records, and now and then a control entry. */
    private static void fill(TestDirectory dir, int batches) throws StorageException {
        for (int i = 0; i < batches; i++) {
            long at = dir.log().endOffset();
            dir.append(dir.log(), 1000 + at, new long[] {at, at + 1, at + 2}, value(at), value(at + 1), value(at + 2));
            if (i % 7 == 3) {
                dir.log().appendControl(EntryKind.GROUP_OPS, ByteBuffer.wrap(new byte[] {1, 2}), 1, 1000 + at);
            }
            if (i % 10 == 0) {
                dir.commit(dir.log());
                dir.runBackground();
            }
        }
        dir.commit(dir.log());
        dir.runBackground();
    }

    private static String value(long offset) {
        return "<value-" + offset + ">" + "z".repeat(30);
    }

    private static List<String> expected(long end, LongPredicate kept) {
        List<String> values = new ArrayList<>();
        for (long offset = 0; offset < end; offset++) {
            if (kept.test(offset)) {
                values.add(offset + ":" + value(offset));
            }
        }
        return values;
    }

    private static RewriteReport rewrite(TestDirectory dir, RecordFilter filter) throws StorageException {
        return rewrite(dir, filter, 1);
    }

    private static RewriteReport rewrite(TestDirectory dir, RecordFilter filter, double mostLiveShare)
            throws StorageException {
        List<RewriteReport> reports = new ArrayList<>();
        dir.log().rewrite(filter, mostLiveShare, dir.background::add, reports::add);
        dir.runBackground();
        assertEquals(1, reports.size());
        assertFalse(dir.log().isRewriting());
        return reports.get(0);
    }

    private static void seal(TestDirectory dir) throws StorageException {
        dir.log().sealOpen(1_000_000);
        dir.commit(dir.log());
        dir.runBackground();
    }

    private static List<LogVerifier.Finding> findings(Disk disk) throws IOException {
        List<LogVerifier.Finding> findings = new ArrayList<>();
        LogVerifier.verify(disk, PATH, findings::add);
        return findings;
    }

    private static List<String> entries(PartitionLog log, Disk disk) throws IOException {
        List<String> entries = new ArrayList<>();
        for (String name : disk.list(PARTITION)) {
            if (LogContext.baseIndexOf(name) >= 0) {
                LogDumper.dump(disk, PARTITION.resolve(name), (at, entry, payload, intact) -> {
                    assertTrue(intact);
                    if (entry.kind() != EntryKind.DATA) {
                        entries.add(entry.entryIndex() + " " + entry.kind());
                    }
                });
            }
        }
        assertTrue(log.endIndex() > 0);
        return entries;
    }

    private static boolean holds(MemoryDisk disk, Path directory, String text) throws IOException {
        for (String name : disk.list(directory)) {
            Path path = directory.resolve(name);
            if (disk.isDirectory(path)
                    ? holds(disk, path, text)
                    : new String(disk.contents(path), StandardCharsets.ISO_8859_1).contains(text)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void removesRecordsAndKeepsOffsetsIndexesTimesAndControlEntries() throws IOException {
        LongPredicate kept = offset -> offset % 5 == 0 || offset >= 150 && offset < 170;
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            seal(dir);
            PartitionLog log = dir.log();
            List<String> control = entries(log, disk);
            long endIndex = log.endIndex();
            LogStats before = log.stats();
            RewriteReport report = rewrite(dir, kept::test);
            assertNull(report.failure());
            assertEquals(600, report.untilOffset());
            assertEquals(600 - expected(600, kept).size(), report.removedRecords());
            assertEquals(before.bytes() - report.freedBytes(), log.stats().bytes());
            assertEquals(before.segments(), log.stats().segments());
            assertEquals(before.maxIngestionTimeMs(), log.stats().maxIngestionTimeMs());
            assertEquals(endIndex, log.endIndex());
            assertEquals(600, log.endOffset());
            assertEquals(control, entries(log, disk));
            assertEquals(expected(600, kept), LogContent.all(log));
            for (long offset = 0; offset <= 600; offset += 7) {
                long from = offset;
                assertEquals(
                        expected(600, o -> o >= from && kept.test(o)), LogContent.range(log, from, 600, 500, null));
            }
            fill(dir, 10);
        }
        assertEquals(List.of(), findings(disk));
        try (TestDirectory dir = open()) {
            assertEquals(expected(630, o -> o >= 600 || kept.test(o)), LogContent.all(dir.log()));
        }
    }

    @Test
    void neighboursThatLoseEverythingBecomeOneHoleThatReadersSee() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 40);
            seal(dir);
            rewrite(dir, offset -> offset < 3 || offset == 100);
            List<Long> holes = new ArrayList<>();
            for (String name : disk.list(PARTITION)) {
                if (LogContext.baseIndexOf(name) >= 0) {
                    LogDumper.dump(disk, PARTITION.resolve(name), (at, entry, payload, intact) -> {
                        if (entry.kind() == EntryKind.DATA && entry.length() == Hole.SIZE) {
                            holes.add(entry.baseOffset());
                            assertEquals(entry.recordCount(), 3 * entry.entryCount());
                        }
                    });
                }
            }
            // Control entries divide them.
            assertTrue(holes.size() > 3 && holes.size() < 12, holes.toString());
            assertEquals(3L, holes.get(0));
            try (LogSlice slice = dir.log().read(50, 120, 4000, null)) {
                assertTrue(slice.baseOffset() <= 50 && slice.nextOffset() > 50);
                assertEquals(List.of(), LogContent.values(slice, 0, null));
            }
            assertEquals(List.of("100:" + value(100)), LogContent.range(dir.log(), 50, 120, 4000, null));
        }
    }

    @Test
    void aHoleHoldsEntriesOfOneEpochAndNoMoreThanItCanCount() throws IOException {
        StorageConfig large = TestDirectory.SMALL.withSegmentBytes(32 << 20);
        int firstEpoch = Hole.MOST_ENTRIES + 500;
        int count = firstEpoch + 100;
        TestDirectory dir = new TestDirectory(PATH, large, disk);
        PartitionLog log = dir.log();
        log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {42}));
        EventTimes times = new EventTimes();
        for (int i = 0; i < count; i++) {
            log.appendData(TestDirectory.batch(new long[] {i}, "v"), times, i < firstEpoch ? 1 : 2, i);
            if (i % 1000 == 0) {
                log.flush();
            }
        }
        seal(dir);
        RewriteReport report = rewrite(dir, offset -> false);
        assertEquals(count, report.removedRecords());
        assertEquals(1, report.segments().size());
        List<String> holes = new ArrayList<>();
        LogDumper.dump(disk, PARTITION.resolve("00000000000000000000.log"), (at, entry, payload, intact) -> {
            if (entry.kind() == EntryKind.DATA) {
                holes.add(entry.entryIndex() + " " + entry.entryCount() + " epoch " + entry.leaderEpoch());
            }
        });
        // Behind the checkpoint.
        assertEquals(
                List.of(
                        "1 " + Hole.MOST_ENTRIES + " epoch 1",
                        Hole.MOST_ENTRIES + 1 + " 500 epoch 1",
                        firstEpoch + 1 + " 100 epoch 2"),
                holes);
        dir.close();
        assertEquals(List.of(), findings(disk));
        try (TestDirectory again = new TestDirectory(PATH, large, disk)) {
            assertEquals(List.of(), LogContent.all(again.log()));
            assertEquals(count, again.log().endOffset());
        }
    }

    @Test
    void looksUpTimesOfWhatIsThere() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            seal(dir);
            rewrite(dir, offset -> offset % 30 == 0);
            PartitionLog log = dir.log();
            for (long offset = 0; offset < 270; offset++) {
                long batch = (offset + 29) / 30 * 30;
                assertEquals(offset == 0 ? 0 : batch, log.offsetForEventTime(offset), "event time " + offset);
                assertEquals(batch, log.offsetForIngestionTime(1000 + offset), "ingestion time of " + offset);
            }
            for (long from = 0; from < 270; from += 11) {
                TimeRange range = new TimeRange(from, from + 60);
                assertEquals(
                        expected(300, o -> o % 30 == 0 && range.overlaps(o, o)),
                        LogContent.range(log, 0, 300, 1000, range));
            }
        }
    }

    @Test
    void leavesSegmentsThatKeepMoreThanTheShare() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            seal(dir);
            long bytes = dir.log().stats().bytes();
            assertEquals(
                    0,
                    rewrite(dir, offset -> offset % 10 < 6 || offset >= 550, 0.5)
                            .removedRecords());
            assertEquals(bytes, dir.log().stats().bytes());
            assertEquals(600 - 180, rewrite(dir, offset -> offset % 10 < 3, 0.5).removedRecords());
            // What is left counts now, not what once was there.
            int writes = disk.list(PARTITION).size();
            RecordFilter oneInThreeLess = offset -> offset % 10 < 2 || offset % 10 == 2 && offset > 500;
            assertEquals(0, rewrite(dir, oneInThreeLess, 0.5).removedRecords());
            assertEquals(50, rewrite(dir, oneInThreeLess, 1).removedRecords());
            assertEquals(writes, disk.list(PARTITION).size());
            rewrite(dir, offset -> false);
            assertEquals(List.of(), LogContent.all(dir.log()));
            assertEquals(0, rewrite(dir, offset -> false).segments().size());
        }
        assertEquals(List.of(), findings(disk));
    }

    @Test
    void leavesTheSegmentsThatAReplayNeeds() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            PartitionLog log = dir.log();
            List<Long> seen = replayed(log);
            RewriteReport report = rewrite(dir, offset -> false);
            assertTrue(report.untilOffset() > 200 && report.untilOffset() < 300);
            assertEquals(seen, replayed(log));
            assertEquals(expected(300, offset -> offset >= report.untilOffset()), LogContent.all(log));
            // Sealed, and begun anew, but not durable.
            log.sealOpen(2000);
            assertEquals(report.untilOffset(), rewrite(dir, offset -> false).untilOffset());
            dir.commit(log);
            assertEquals(300, rewrite(dir, offset -> false).untilOffset());
        }
        try (TestDirectory dir = new TestDirectory(PATH.resolve("other"), TestDirectory.SMALL, disk)) {
            // Without a checkpoint every replay begins at the start.
            fill(dir, 100);
            assertEquals(0, rewrite(dir, offset -> false).untilOffset());
        }
    }

    private static List<Long> replayed(PartitionLog log) throws StorageException {
        List<Long> seen = new ArrayList<>();
        log.replay((envelope, payload) -> seen.add(envelope.entryIndex()));
        return seen;
    }

    @Test
    void goesOnWhileTheLogIsAppendedToReadAndTrimmed() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            PartitionLog log = dir.log();
            LogSlice slice = log.read(0, 600, 4000, null);
            List<String> lent = LogContent.values(slice, 0, null);
            List<RewriteReport> reports = new ArrayList<>();
            log.rewrite(offset -> offset % 4 == 0, 1, dir.background::add, reports::add);
            assertThrows(IllegalStateException.class, () -> log.rewrite(offset -> true, 1, Runnable::run, r -> {}));
            int appended = 0;
            int removed = 0;
            for (int i = 0; reports.isEmpty(); i++) {
                for (int n = i % 3; n > 0 && !dir.background.isEmpty(); n--) {
                    dir.background.remove().run();
                }
                dir.append(log, 5000, 5000, value(600 + appended++));
                dir.commit(log);
                if (i % 20 == 10) {
                    removed += log.deleteOldSegments(5000, -1, log.stats().bytes() - 9000);
                }
                if (i % 15 == 3) {
                    assertTrue(log.hibernate());
                }
                long start = log.startOffset();
                List<String> all = LogContent.all(log);
                assertTrue(all.containsAll(expected(600, o -> o >= start && o % 4 == 0)));
                assertEquals(600 + appended - 1 + ":" + value(600 + appended - 1), all.get(all.size() - 1));
            }
            assertTrue(appended > 10 && removed > 0);
            assertTrue(reports.get(0).segments().size() > 2);
            assertEquals(lent, LogContent.values(slice, 0, null));
            slice.close();
        }
        assertEquals(List.of(), findings(disk));
    }

    @Test
    void isForgottenWhenTheLogIsClosedOrDeletedInTheMiddle() throws IOException {
        for (int steps = 0; steps < 12; steps++) {
            for (boolean delete : new boolean[] {false, true}) {
                MemoryDisk fresh = new MemoryDisk();
                FaultyDisk counting = new FaultyDisk(fresh);
                TestDirectory dir = open(counting);
                fill(dir, 100);
                seal(dir);
                List<RewriteReport> reports = new ArrayList<>();
                dir.log().rewrite(offset -> offset % 2 == 0, 1, dir.background::add, reports::add);
                for (int i = 0; i < steps; i++) {
                    dir.background.remove().run();
                }
                if (delete) {
                    dir.directory.delete(7);
                    dir.runBackground();
                }
                dir.directory.close();
                dir.runBackground();
                assertEquals(List.of(), reports);
                assertEquals(0, counting.openFiles());
                assertEquals(List.of(), fresh.list(PATH.resolve("spares")));
                assertEquals(
                        List.of(),
                        findings(fresh).stream()
                                .filter(found -> found.severity() != LogVerifier.Severity.REBUILDABLE)
                                .toList());
                try (TestDirectory again = open(fresh)) {
                    assertEquals(delete ? 0 : 300, again.log().endOffset());
                }
            }
        }
    }

    /** What the filter sees of the records, and that each is asked about in order. */
    @Test
    void looksInsideTheRecordsWhereTheFilterWantsTo() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            seal(dir);
            RewriteReport report = rewrite(dir, new RecordFilter() {
                @Override
                public boolean keeps(long offset) {
                    return offset != 20;
                }

                @Override
                public boolean looksInside(long fromOffset, long untilOffset) {
                    return untilOffset > 90;
                }

                @Override
                public boolean keeps(RecordCursor record) {
                    assertTrue(record.offset() >= 90);
                    byte[] value = record.value();
                    return value != null && !new String(value, StandardCharsets.UTF_8).contains("1");
                }
            });
            assertEquals(
                    expected(300, o -> o != 20 && (o < 90 || !Long.toString(o).contains("1"))),
                    LogContent.all(dir.log()));
            assertEquals(300 - LogContent.all(dir.log()).size(), report.removedRecords());
        }
    }

    @Test
    void erasedBytesAreInNoFile() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            PartitionLog log = dir.log();
            String secret = "<value-10>";
            String open = "<value-299>";
            assertTrue(holds(memory, PATH, secret) && holds(memory, PATH, open));
            log.deleteOldSegments(0, -1, log.stats().bytes() - 9000);
            // Its file is retired, and waits to be overwritten, when the erasure is asked for.
            assertTrue(log.startOffset() > 10 && holds(memory, PATH, secret));
            log.sealOpen(2000);
            dir.commit(log);
            List<RewriteReport> reports = new ArrayList<>();
            log.rewrite(offset -> offset != 10 && offset != 299, 1, dir.background::add, reports::add);
            while (reports.isEmpty()) {
                dir.background.remove().run();
            }
            assertNull(reports.get(0).failure());
            assertEquals(300, reports.get(0).untilOffset());
            assertFalse(holds(memory, PATH, secret));
            assertFalse(holds(memory, PATH, open));
            assertTrue(holds(memory, PATH, "<value-298>"));
        }
    }

    @Test
    void saysSoWhereAnErasureIsNotComplete() throws IOException {
        TestDirectory dir = open();
        fill(dir, 100);
        seal(dir);
        dir.log().deleteOldSegments(0, -1, dir.log().stats().bytes() - 9000);
        disk.failWrites(path -> path.toString().contains("marks"));
        dir.append(dir.log(), 1, 1, "next");
        dir.commit(dir.log());
        assertNotNull(rewrite(dir, offset -> true).failure());
        assertTrue(holds(memory, PATH, "<value-10>"));
        disk.heal();
        dir.log().deleteOldSegments(0, -1, -1);
        assertNull(rewrite(dir, offset -> true).failure());
        assertFalse(holds(memory, PATH, "<value-10>"));
        dir.close();
    }

    @Test
    void deletesWhatCouldNotBeRecycled() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            seal(dir);
            dir.log().deleteOldSegments(0, -1, dir.log().stats().bytes() - 9000);
            disk.failOpens(path -> path.toString().endsWith(".zeroing"));
            dir.runBackground();
            disk.heal();
            assertFalse(holds(memory, PARTITION, "<value-10>"));
            assertTrue(holds(memory, PATH, "<value-10>"));
            assertNull(rewrite(dir, offset -> true).failure());
            assertFalse(holds(memory, PATH, "<value-10>"));
        }
    }

    @Test
    void aFullDiskStopsItAndNothingElse() throws IOException {
        for (long room = 0; room < 3000; room += 300) {
            MemoryDisk fresh = new MemoryDisk();
            FaultyDisk full = new FaultyDisk(fresh);
            try (TestDirectory dir = open(full)) {
                fill(dir, 100);
                seal(dir);
                full.fullAfter(room);
                RewriteReport report = rewrite(dir, offset -> offset % 2 == 0);
                assertTrue(report.failure() instanceof DiskFullException, String.valueOf(report.failure()));
                assertNull(dir.log().offlineReason());
                assertEquals(
                        List.of(),
                        fresh.list(PARTITION).stream()
                                .filter(LogContext::isReplacement)
                                .toList());
                full.heal();
                assertNull(rewrite(dir, offset -> offset % 2 == 0).failure());
                assertEquals(expected(300, offset -> offset % 2 == 0), LogContent.all(dir.log()));
            }
        }
    }

    @Test
    void aFailedSyncOfANewFileOrItsNameIsNoSuccess() throws IOException {
        for (Path failing : List.of(PARTITION, PARTITION.resolve("00000000000000000000.rewriting"))) {
            MemoryDisk lossy = new MemoryDisk();
            FaultyDisk faulty = new FaultyDisk(lossy);
            TestDirectory dir = open(faulty);
            fill(dir, 100);
            seal(dir);
            faulty.failSyncs(1, failing::equals);
            assertNotNull(rewrite(dir, offset -> offset % 2 == 0).failure());
            assertNull(dir.log().offlineReason());
            faulty.heal();
            // Also where there is nothing left to remove it has to be made to last.
            assertNull(rewrite(dir, offset -> offset % 2 == 0).failure());
            lossy.powerCut();
            try (TestDirectory again = open(faulty)) {
                assertEquals(expected(300, offset -> offset % 2 == 0), LogContent.all(again.log()));
            }
        }
    }

    @Test
    void aFilterThatThrowsStopsTheRewritingAlone() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            seal(dir);
            for (long at = 0; at < 300; at += 50) {
                long bad = at;
                RewriteReport report = rewrite(dir, offset -> {
                    if (offset == bad) {
                        throw new IllegalStateException("a filter");
                    }
                    return true;
                });
                assertTrue(report.failure() instanceof IllegalStateException);
            }
            assertEquals(expected(300, offset -> true), LogContent.all(dir.log()));
            assertNull(dir.log().offlineReason());
        }
    }

    /** So that replicas which rewrite by the same rule still hold the same bytes. */
    @Test
    void equalSegmentsAndFiltersMakeEqualFiles() throws IOException {
        List<ByteBuffer> contents = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            MemoryDisk one = new MemoryDisk();
            try (TestDirectory dir = open(one)) {
                fill(dir, 100);
                seal(dir);
                rewrite(dir, offset -> offset % 7 < 2);
                for (String name : one.list(PARTITION)) {
                    contents.add(ByteBuffer.wrap(one.contents(PARTITION.resolve(name))));
                }
            }
        }
        int half = contents.size() / 2;
        assertTrue(half > 4);
        assertEquals(contents.subList(0, half), contents.subList(half, 2 * half));
    }

    @Test
    void findsDamageAndReplacesNothing() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 100);
            seal(dir);
        }
        Path first = PARTITION.resolve("00000000000000000000.log");
        byte[] whole = memory.contents(first);
        for (int position = SegmentHeader.SIZE; position < whole.length - SegmentSummary.SIZE; position += 41) {
            memory.put(first, whole);
            memory.flipBit(first, position, position % 8);
            TestDirectory dir = open();
            RewriteReport report = rewrite(dir, offset -> offset != 1);
            assertTrue(report.failure() instanceof CorruptLogException, "byte " + position);
            assertNotNull(dir.log().offlineReason());
            assertEquals(whole.length, memory.contents(first).length);
            dir.close();
        }
    }

    @Test
    void everyFlippedBitOfARewrittenSegmentIsFound() throws IOException {
        LongPredicate kept = offset -> offset % 20 == 7 || offset > 100;
        try (TestDirectory dir = open()) {
            fill(dir, 60);
            seal(dir);
            rewrite(dir, kept::test);
            LogContent.all(dir.log());
        }
        Path first = PARTITION.resolve("00000000000000000000.log");
        byte[] whole = memory.contents(first);
        assertTrue(whole.length < 4000 && whole.length > 500, "bytes: " + whole.length);
        int footer = whole.length - SegmentSummary.SIZE;
        for (int position = 0; position < whole.length; position++) {
            memory.put(first, whole);
            memory.flipBit(first, position, position % 8);
            assertFalse(findings(disk).isEmpty(), "byte " + position);
            try (TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk)) {
                if (position >= footer) {
                    assertEquals(expected(180, kept), LogContent.all(dir.log()));
                    assertEquals(ByteBuffer.wrap(whole), ByteBuffer.wrap(memory.contents(first)));
                } else {
                    assertThrows(CorruptLogException.class, () -> LogContent.all(dir.log()), "byte " + position);
                }
            }
        }
    }

    @Test
    void worksOnARealDiskBesideAppendsAndReads(@TempDir Path path) throws Exception {
        Path data = path.resolve("data");
        FileSystemDisk real = new FileSystemDisk();
        StorageConfig config = StorageConfig.defaults().withSegmentBytes(1 << 20);
        ExecutorService owner = Executors.newSingleThreadExecutor();
        CompletableFuture<Long> durable = new CompletableFuture<>();
        CompletableFuture<RewriteReport> report = new CompletableFuture<>();
        DurabilityListener deaf = new DurabilityListener() {
            @Override
            public void durable(long partitionId, long endIndex, long endOffset) {
                if (endOffset >= 8000) {
                    durable.complete(endOffset);
                }
            }

            @Override
            public void failed(long partitionId, Throwable cause) {
                durable.completeExceptionally(cause);
                report.completeExceptionally(cause);
            }

            @Override
            public void cycleEnded() {}
        };
        String padding = "p".repeat(900);
        EventTimes times = new EventTimes();
        DataDirectory directory =
                DataDirectory.open(data, config, real, () -> 1_000_000, System::nanoTime, () -> new UUID(1, 2), deaf);
        PartitionLog log = owner.submit(() -> directory.log(7)).get();
        owner.submit(() -> {
                    log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {42}));
                    for (int i = 0; i < 8000; i++) {
                        RecordBatch batch = TestDirectory.batch(new long[] {i}, i + padding);
                        log.appendData(batch, batch.eventTimes(times), 1, i);
                        log.flush();
                    }
                    return log;
                })
                .get();
        durable.get();
        LogSlice lent = owner.submit(() -> log.read(0, 8000, 1 << 19, null)).get();
        List<String> lentValues = LogContent.values(lent, 0, null);
        owner.submit(() -> {
                    log.rewrite(offset -> offset % 50 < 5, 1, owner, report::complete);
                    return log;
                })
                .get();
        int appended = 0;
        while (!report.isDone() || appended < 100) {
            int next = 8000 + appended++;
            owner.submit(() -> {
                        RecordBatch batch = TestDirectory.batch(new long[] {next}, next + padding);
                        log.appendData(batch, batch.eventTimes(times), 1, next);
                        log.flush();
                        long from = next % 8000;
                        List<String> found = LogContent.range(log, from, from + 100, 1 << 16, null);
                        assertTrue(found.size() >= 1, "at " + from);
                        return log;
                    })
                    .get();
        }
        long until = report.get().untilOffset();
        assertNull(report.get().failure());
        assertTrue(
                until > 5000 && report.get().segments().size() > 5, report.get().toString());
        int end = 8000 + appended;
        List<String> expected = new ArrayList<>();
        for (int offset = 0; offset < end; offset++) {
            if (offset >= until || offset % 50 < 5) {
                expected.add(offset + ":" + offset + padding);
            }
        }
        assertEquals(expected, owner.submit(() -> LogContent.all(log)).get());
        assertEquals(lentValues, LogContent.values(lent, 0, null));
        lent.close();
        owner.shutdown();
        directory.close();
        List<LogVerifier.Finding> findings = new ArrayList<>();
        assertTrue(LogVerifier.verify(real, data, findings::add).intact());
        assertEquals(List.of(), findings);
    }

    // ---- a crash at every step

    @Test
    void survivesACrashAtEveryStep() throws IOException {
        int steps = 0;
        for (long seed = 0; seed < 6; seed++) {
            steps = Math.max(steps, crashEverywhere(seed, false));
        }
        assertTrue(steps > 30, "steps: " + steps);
    }

    @Test
    void theCrashTestNoticesADiskThatForgetsWhatItSynced() {
        assertThrows(AssertionError.class, () -> {
            for (long seed = 0; seed < 6; seed++) {
                crashEverywhere(seed, true);
            }
        });
    }

    private static int crashEverywhere(long seed, boolean forgetful) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 0; ; step++) {
            MemoryDisk memory = new MemoryDisk();
            FaultyDisk disk = new FaultyDisk(memory);
            TestDirectory dir = open(disk);
            fill(dir, 100);
            seal(dir);
            if (seed % 2 == 0) {
                dir.directory.marks().sync();
            }
            // Only what the rewriting itself does is put to the test.
            if (forgetful) {
                memory.ignoreSyncs();
            }
            disk.dieAfter(step);
            List<RewriteReport> reports = new ArrayList<>();
            dir.log().rewrite(offset -> offset % 9 == 0, 1, dir.background::add, reports::add);
            dir.runBackground();
            boolean died = disk.died();
            if (seed % 3 == 0) {
                memory.kill();
            } else if (seed % 3 == 1) {
                memory.powerCut();
            } else {
                memory.powerCut(random.split());
            }
            disk.heal();
            boolean done = !reports.isEmpty() && reports.get(0).failure() == null;
            assertTrue(done || died);
            checkAfterCrash(disk, memory, done);
            if (!died) {
                return step;
            }
        }
    }

    private static void checkAfterCrash(FaultyDisk disk, MemoryDisk memory, boolean done) throws IOException {
        List<LogVerifier.Finding> findings = findings(disk);
        assertTrue(
                findings.stream().noneMatch(found -> found.severity() == LogVerifier.Severity.DAMAGE),
                findings.toString());
        List<String> all = expected(300, offset -> true);
        List<String> kept = expected(300, offset -> offset % 9 == 0);
        try (TestDirectory dir = open(disk)) {
            List<String> found = LogContent.all(dir.log());
            assertTrue(all.containsAll(found) && found.containsAll(kept), found.toString());
            if (done) {
                assertEquals(kept, found);
                assertFalse(holds(memory, PATH, "<value-10>"));
            }
            assertEquals(
                    List.of(),
                    disk.list(PARTITION).stream()
                            .filter(LogContext::isReplacement)
                            .toList());
            // And it can be done again, to its end.
            assertNull(rewrite(dir, offset -> offset % 9 == 0).failure());
            assertEquals(kept, LogContent.all(dir.log()));
        }
        List<LogVerifier.Finding> left = findings(disk);
        left.removeIf(finding -> finding.what().equals(IndexCheck.MISSING));
        assertEquals(List.of(), left);
    }
}
