package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random operations on a log and on a plain list, with clean restarts, killed processes and power cuts in between: what
 * was acknowledged is there, what is there is what was appended, in order and without a gap, and nothing that was cut
 * comes back. Rewritings run all the time, also across crashes: what a filter keeps stays, and what a finished one has
 * removed is gone for good.
 */
class PartitionLogModelTest {
    private static final Path PATH = Path.of("/data");

    /** A record as it was appended, at the offset of its place in the list. */
    private record Rec(String value, long eventMs, long batchBase, long ingestedMs) {}

    @Test
    void holdsWhatAPlainListHolds() {
        int[] removed = new int[1];
        Seeds.run(400, random -> removed[0] += new Run(random, new MemoryDisk()).steps(150));
        assertTrue(removed[0] > 1000, "records that were seen to be gone: " + removed[0]);
    }

    @Test
    void theModelNoticesADiskThatForgetsWhatItSynced() {
        assertThrows(
                AssertionError.class,
                () -> Seeds.run(400, random -> new Run(random, new MemoryDisk().ignoreSyncs()).steps(150)));
    }

    private static final class Run {
        private final SplittableRandom random;
        private final MemoryDisk disk;
        private final List<Rec> model = new ArrayList<>();
        private TestDirectory dir;
        private PartitionLog log;
        private long start;
        private int flushed;
        private long acknowledged;
        private long nowMs = 1000;
        private int unique;
        private int removedSeen;
        private final boolean checkpoints;
        /** Offsets that some filter did not keep: their records may be gone. */
        private final BitSet unneeded = new BitSet();
        /** Offsets whose record was said to be gone. */
        private final BitSet gone = new BitSet();

        Run(SplittableRandom random, MemoryDisk disk) throws IOException {
            this.random = random;
            this.disk = disk;
            this.dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
            this.checkpoints = random.nextInt(4) > 0;
            if (random.nextBoolean()) {
                dir.directory.marks().expect(new long[] {7});
            }
            opened();
        }

        private void opened() throws IOException {
            this.log = dir.log();
            if (checkpoints) {
                log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {7}));
            }
        }

        /** How often a record was missing that may be. */
        int steps(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                step();
                assertEquals(model.size(), log.endOffset());
                acknowledged = Math.max(acknowledged, dir.acknowledged);
            }
            restart();
            compareAll();
            dir.close();
            List<LogVerifier.Finding> findings = new ArrayList<>();
            assertTrue(LogVerifier.verify(disk, PATH, findings::add).intact());
            // A segment without records is not looked up, so that nobody has missed an index that a power cut took.
            findings.removeIf(finding -> finding.what().equals(IndexCheck.MISSING));
            assertEquals(List.of(), findings);
            return removedSeen;
        }

        private void step() throws IOException {
            int dice = random.nextInt(110);
            if (dice >= 100) {
                rewrite();
            } else if (dice < 40) {
                append();
            } else if (dice < 55) {
                flush();
            } else if (dice < 68) {
                flush();
                dir.directory.groupCommit().doWork();
            } else if (dice < 75) {
                runSomeBackground();
            } else if (dice < 83) {
                compareRange();
            } else if (dice < 87) {
                compareTimes();
            } else if (dice < 90) {
                log.hibernate();
            } else if (dice < 92) {
                retain();
            } else if (dice < 94) {
                restart();
            } else if (dice < 97) {
                disk.kill();
                verify();
                reopen(flushed);
            } else {
                disk.powerCut(random.split());
                verify();
                reopen(acknowledged);
            }
        }

        private void verify() throws IOException {
            List<LogVerifier.Finding> findings = new ArrayList<>();
            assertTrue(LogVerifier.verify(disk, PATH, findings::add).intact(), findings.toString());
        }

        private void append() throws IOException {
            nowMs += random.nextInt(100);
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                if (random.nextInt(6) == 0) {
                    byte[] payload = new byte[random.nextInt(200)];
                    log.appendControl(EntryKind.GROUP_OPS, ByteBuffer.wrap(payload), 1, nowMs);
                    continue;
                }
                int records = random.nextInt(1, 5);
                String[] values = new String[records];
                long[] times = new long[records];
                long base = model.size();
                for (int r = 0; r < records; r++) {
                    int length = random.nextInt(8) == 0 ? random.nextInt(3000) : random.nextInt(60);
                    values[r] = unique++ + "x".repeat(length);
                    times[r] = nowMs - random.nextInt(2000);
                    model.add(new Rec(values[r], times[r], base, nowMs));
                }
                assertEquals(base, dir.append(log, nowMs, times, values));
            }
        }

        private void flush() throws IOException {
            log.flush();
            flushed = model.size();
        }

        private void runSomeBackground() {
            for (int i = random.nextInt(4); i > 0 && !dir.background.isEmpty(); i--) {
                dir.background.remove().run();
            }
        }

        private void compareRange() throws IOException {
            flush();
            long from = start + random.nextLong(flushed - start + 1);
            long until = from + random.nextLong(flushed - from + 1);
            boolean filter = random.nextBoolean();
            TimeRange times = new TimeRange(nowMs - random.nextInt(1500, 3000), nowMs - random.nextInt(1500));
            until = borderAtOrBefore(until);
            TimeRange wanted = filter ? times : null;
            compare(from, until, wanted, LogContent.range(log, from, until, random.nextInt(1, 20_000), wanted));
        }

        /** All that nobody gave up, nothing that is gone, and of the rest whatever is left. */
        private void compare(long from, long until, @Nullable TimeRange times, List<String> found) {
            int next = 0;
            for (int offset = (int) from; offset < until; offset++) {
                Rec rec = model.get(offset);
                if (times != null && !times.overlaps(rec.eventMs(), rec.eventMs())) {
                    continue;
                }
                String expected = offset + ":" + rec.value();
                if (next < found.size() && found.get(next).equals(expected)) {
                    assertFalse(gone.get(offset), "came back: " + expected);
                    next++;
                } else {
                    assertTrue(unneeded.get(offset), "lost: " + expected);
                    removedSeen++;
                }
            }
            assertEquals(found.size(), next);
        }

        private long borderAtOrBefore(long offset) {
            return offset >= model.size()
                    ? model.size()
                    : model.get((int) offset).batchBase();
        }

        private void compareTimes() throws IOException {
            flush();
            long time = nowMs - random.nextInt(3000);
            long ingested = log.offsetForIngestionTime(time);
            assertTrue(ingested >= firstIngested(time, gone) && ingested <= firstIngested(time, unneeded));
            long event = log.offsetForEventTime(time);
            assertTrue(event >= firstEvent(time, gone) && event <= firstEvent(time, unneeded));
        }

        private long firstIngested(long time, BitSet without) {
            return first(rec -> rec.ingestedMs() >= time, without);
        }

        private long firstEvent(long time, BitSet without) {
            return first(rec -> rec.eventMs() >= time, without);
        }

        private long first(Predicate<Rec> matches, BitSet without) {
            for (int offset = (int) start; offset < flushed; offset++) {
                if (!without.get(offset) && matches.test(model.get(offset))) {
                    return model.get(offset).batchBase();
                }
            }
            return flushed;
        }

        private void rewrite() throws IOException {
            flush();
            if (log.isRewriting()) {
                runSomeBackground();
                return;
            }
            if (random.nextInt(3) == 0) {
                log.sealOpen(nowMs);
                dir.directory.groupCommit().doWork();
                flushed = model.size();
            }
            BitSet removed = new BitSet();
            int percent = random.nextInt(0, 101);
            boolean runs = random.nextBoolean();
            for (int offset = 0; offset < model.size(); offset++) {
                long unit = runs ? model.get(offset).batchBase() / 16 : offset;
                removed.set(offset, Math.floorMod(unit * 0x9e3779b97f4a7c15L >>> 32, 100) < percent);
            }
            unneeded.or(removed);
            double share = random.nextBoolean() ? 1 : 0.5;
            log.rewrite(offset -> !removed.get((int) offset), share, dir.background::add, report -> {
                if (report.failure() == null && share == 1) {
                    removed.clear((int) report.untilOffset(), removed.length() + (int) report.untilOffset());
                    gone.or(removed);
                }
            });
        }

        private void retain() throws IOException {
            flush();
            log.deleteOldSegments(nowMs, random.nextBoolean() ? -1 : random.nextInt(3000), random.nextInt(60_000));
            assertTrue(log.startOffset() >= start);
            start = log.startOffset();
        }

        private void restart() throws IOException {
            dir.close();
            flushed = model.size();
            reopen(flushed);
            assertEquals(flushed, log.endOffset());
        }

        /** After whatever happened: at least {@code kept} records are there, and they are those of the model. */
        private void reopen(long kept) throws IOException {
            dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
            opened();
            long end = log.endOffset();
            assertTrue(end >= kept, "end " + end + ", kept " + kept);
            assertTrue(end <= model.size(), "end " + end + " of " + model.size());
            assertTrue(log.startOffset() <= start, "start " + log.startOffset() + " > " + start);
            start = log.startOffset();
            model.subList((int) end, model.size()).clear();
            unneeded.clear((int) end, unneeded.length() + (int) end);
            flushed = model.size();
            acknowledged = flushed;
            if (random.nextInt(4) == 0) {
                compareAll();
            }
        }

        private void compareAll() throws IOException {
            compare(start, model.size(), null, LogContent.all(log));
            List<Long> seen = new ArrayList<>();
            log.replay((envelope, payload) -> {
                if (!seen.isEmpty()) {
                    assertEquals(seen.get(seen.size() - 1) + 1, envelope.entryIndex());
                }
                seen.add(envelope.entryIndex());
            });
        }
    }
}
