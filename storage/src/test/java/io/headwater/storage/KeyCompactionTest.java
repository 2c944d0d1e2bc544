package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordFilter;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whoever reads a compacted log from its start knows the same as who read all of it. */
class KeyCompactionTest {
    private static final Path PATH = Path.of("/data");

    private record Rec(@Nullable String key, @Nullable String value) {}

    private static TestDirectory open(Disk disk) throws IOException {
        TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
        dir.log().checkpointSource(() -> ByteBuffer.wrap(new byte[] {42}));
        return dir;
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void append(PartitionLog log, Compression compression, List<Rec> records) throws StorageException {
        ByteBuffer target = ByteBuffer.allocate(1 << 16);
        RecordBatchBuilder builder = new RecordBatchBuilder(compression).reset(target);
        for (Rec rec : records) {
            assertTrue(builder.append(log.endOffset(), bytes(rec.key()), bytes(rec.value()), List.of()));
        }
        builder.finish(-1, (short) -1, -1);
        try {
            RecordBatch batch = new RecordBatch().wrap(target, 0);
            log.appendData(batch, batch.eventTimes(new EventTimes()), 1, log.endOffset());
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    /** Appends random records of a few keys, one in eight a tombstone, and notes them by their offset. */
    private static void fill(TestDirectory dir, SplittableRandom random, int batches, Map<Long, Rec> model)
            throws StorageException {
        for (int i = 0; i < batches; i++) {
            List<Rec> records = new ArrayList<>();
            for (int n = random.nextInt(1, 6); n > 0; n--) {
                String key = random.nextInt(20) == 0 ? null : "key-" + random.nextInt(30);
                Rec rec = new Rec(key, random.nextInt(8) == 0 ? null : "v" + random.nextInt() + "z".repeat(20));
                model.put(dir.log().endOffset() + records.size(), rec);
                records.add(rec);
            }
            append(dir.log(), Compression.values()[random.nextInt(5)], records);
            dir.commit(dir.log());
            dir.runBackground();
        }
    }

    private static Map<Long, Rec> read(PartitionLog log) throws StorageException {
        Map<Long, Rec> found = new TreeMap<>();
        long offset = log.startOffset();
        while (offset < log.endOffset()) {
            try (LogSlice slice = log.read(offset, log.endOffset(), 4096, null)) {
                ByteBuffer bytes = ByteBuffer.allocate(slice.sizeInBytes());
                slice.copyTo(bytes);
                bytes.flip();
                Envelope envelope = new Envelope();
                for (int at = 0; at < bytes.limit(); at += envelope.length()) {
                    envelope.wrap(bytes, at);
                    assertTrue(envelope.crcMatches() && envelope.payloadCrcMatches());
                    RecordCursor records =
                            new RecordBatch().wrap(bytes, at + Envelope.SIZE).records();
                    while (records.next()) {
                        found.put(records.offset(), new Rec(text(records.key()), text(records.value())));
                    }
                }
                offset = slice.nextOffset();
            } catch (InvalidBatchException e) {
                throw new AssertionError(e);
            }
        }
        return found;
    }

    /** What a reader of these records knows in the end. */
    private static Map<String, String> latest(Map<Long, Rec> records) {
        Map<String, String> latest = new HashMap<>();
        records.forEach((offset, rec) -> {
            if (rec.key() == null) {
                return;
            }
            if (rec.value() == null) {
                latest.remove(rec.key());
            } else {
                latest.put(rec.key(), rec.value());
            }
        });
        return latest;
    }

    private static KeyCompaction.Result compact(TestDirectory dir, long from, int mostKeys, long tombstonesUntil)
            throws StorageException {
        List<KeyCompaction.Result> results = new ArrayList<>();
        KeyCompaction.start(dir.log(), from, mostKeys, tombstonesUntil, dir.background::add, results::add);
        dir.runBackground();
        assertEquals(1, results.size());
        return results.get(0);
    }

    @Test
    void keepsTheLastOfEachKeyWhateverTheMemoryAndTheCompression() {
        Seeds.run(60, random -> {
            Map<Long, Rec> model = new TreeMap<>();
            try (TestDirectory dir = open(new MemoryDisk())) {
                long from = 0;
                long untilTombstones = 0;
                for (int round = 0; round < 4; round++) {
                    fill(dir, random, 60, model);
                    dir.log().sealOpen(10_000);
                    dir.commit(dir.log());
                    untilTombstones = random.nextLong(untilTombstones, dir.log().endOffset() + 1);
                    KeyCompaction.Result result = compact(dir, from, random.nextInt(1, 60), untilTombstones);
                    assertNull(result.report().failure());
                    assertTrue(result.nextOffset() > from);
                    from = result.nextOffset();
                    check(model, read(dir.log()), from, untilTombstones);
                }
            }
        });
    }

    private static void check(Map<Long, Rec> model, Map<Long, Rec> found, long until, long untilTombstones) {
        assertEquals(latest(model), latest(found));
        found.forEach((offset, rec) -> assertEquals(model.get(offset), rec));
        Map<String, Long> last = new HashMap<>();
        model.forEach((offset, rec) -> {
            if (rec.key() == null) {
                assertTrue(found.containsKey(offset), "a record without a key went");
            } else if (offset < until) {
                last.put(rec.key(), offset);
            } else {
                assertTrue(found.containsKey(offset), "not compacted yet: " + offset);
            }
        });
        found.forEach((offset, rec) -> {
            if (rec.key() != null && offset < until) {
                assertEquals(last.get(rec.key()), offset, "superseded");
                assertTrue(rec.value() != null || offset >= untilTombstones, "old tombstone");
            }
        });
    }

    @Test
    void aCrashAtAnyStepLeavesWhatAReaderKnows() throws IOException {
        boolean died = true;
        for (int step = 0; died; step++) {
            SplittableRandom random = new SplittableRandom(5);
            MemoryDisk memory = new MemoryDisk();
            FaultyDisk disk = new FaultyDisk(memory);
            Map<Long, Rec> model = new TreeMap<>();
            TestDirectory dir = open(disk);
            fill(dir, random, 150, model);
            dir.log().sealOpen(10_000);
            dir.commit(dir.log());
            dir.directory.marks().sync();
            disk.dieAfter(step);
            List<KeyCompaction.Result> results = new ArrayList<>();
            KeyCompaction.start(dir.log(), 0, 1000, 1000, dir.background::add, results::add);
            dir.runBackground();
            died = disk.died();
            memory.powerCut(new SplittableRandom(step));
            disk.heal();
            try (TestDirectory again = open(disk)) {
                assertEquals(latest(model), latest(read(again.log())), "step " + step);
                assertNull(compact(again, 0, 1000, 1000).report().failure());
                check(model, read(again.log()), again.log().endOffset(), 1000);
            }
        }
    }

    @Test
    void erasesAKeyWhereverItIs() {
        Seeds.run(10, random -> {
            Map<Long, Rec> model = new TreeMap<>();
            try (TestDirectory dir = open(new MemoryDisk())) {
                fill(dir, random, 100, model);
                dir.log().sealOpen(10_000);
                dir.commit(dir.log());
                List<RewriteReport> reports = new ArrayList<>();
                dir.log()
                        .rewrite(
                                RecordFilter.withoutKey("key-7".getBytes(StandardCharsets.UTF_8)),
                                1,
                                dir.background::add,
                                reports::add);
                dir.runBackground();
                model.values().removeIf(rec -> "key-7".equals(rec.key()));
                assertEquals(model, read(dir.log()));
                assertEquals(
                        dir.log().endOffset() - model.size(), reports.get(0).removedRecords());
                assertEquals(dir.log().endOffset(), reports.get(0).untilOffset());
            }
        });
    }

    @Test
    void erasesOneOffset() throws IOException {
        Map<Long, Rec> model = new TreeMap<>();
        try (TestDirectory dir = open(new MemoryDisk())) {
            fill(dir, new SplittableRandom(1), 100, model);
            dir.log().sealOpen(10_000);
            dir.commit(dir.log());
            List<RewriteReport> reports = new ArrayList<>();
            dir.log().rewrite(RecordFilter.withoutOffset(77), 1, dir.background::add, reports::add);
            dir.runBackground();
            model.remove(77L);
            assertEquals(model, read(dir.log()));
            assertEquals(1, reports.get(0).segments().size());
        }
    }
}
