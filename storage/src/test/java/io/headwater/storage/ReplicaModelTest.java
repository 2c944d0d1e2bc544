package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A log that leads and follows in turn, against a plain list of entries: it appends, is cut somewhere above what is
 * committed and goes on with what another log has there instead, loses old segments, is closed, killed, and loses its
 * power, also in the middle of a cut, with random parts of what was not synced.
 */
class ReplicaModelTest {
    private static final Path OURS = Path.of("/ours");
    private static final Path THEIRS = Path.of("/theirs");

    @Test
    void holdsWhatAPlainListOfEntriesHolds() {
        int[] cut = new int[1];
        Seeds.run(200, random -> cut[0] += new Run(random, new MemoryDisk()).steps(100));
        assertTrue(cut[0] > 1000, "entries that were cut: " + cut[0]);
    }

    @Test
    void theModelNoticesADiskThatForgetsWhatItSynced() {
        assertThrows(
                AssertionError.class,
                () -> Seeds.run(400, random -> new Run(random, new MemoryDisk().ignoreSyncs()).steps(100)));
    }

    private static final class Run {
        private final SplittableRandom random;
        private final MemoryDisk memory;
        private final FaultyDisk disk;
        /** All entries from the first on, also those that retention has removed. */
        private final List<byte[]> model = new ArrayList<>();

        private final TestDirectory theirs = new TestDirectory(THEIRS, TestDirectory.SMALL, new MemoryDisk());
        private final List<byte[]> theirModel = new ArrayList<>();
        private TestDirectory dir;
        private PartitionLog log;
        private int epoch;
        private long committed;
        private long durable;
        private long flushed;
        private int entriesCut;

        Run(SplittableRandom random, MemoryDisk memory) throws IOException {
            this.random = random;
            this.memory = memory;
            this.disk = new FaultyDisk(memory);
            theirs.log().checkpointSource(() -> ByteBuffer.allocate(random.nextInt(50)));
            opened();
        }

        private void opened() throws IOException {
            dir = new TestDirectory(OURS, TestDirectory.SMALL, disk);
            log = dir.log();
            log.checkpointSource(() -> ByteBuffer.allocate(random.nextInt(50)));
            log.follow();
        }

        /** How many entries were cut. */
        int steps(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                step();
                assertEquals(model.size(), log.endIndex());
                assertNull(log.offlineReason());
                durable = Math.max(durable, log.durableIndex());
            }
            compare();
            dir.close();
            reopen(model.size());
            compare();
            dir.close();
            theirs.close();
            return entriesCut;
        }

        private void step() throws IOException {
            int dice = random.nextInt(100);
            if (dice < 25) {
                lead();
            } else if (dice < 40) {
                flush();
                dir.directory.groupCommit().doWork();
                durable = model.size();
            } else if (dice < 50) {
                flush();
            } else if (dice < 60) {
                runSomeBackground();
            } else if (dice < 66) {
                committed = random.nextLong(committed, log.durableIndex() + 1);
                dir.directory.marks().committed(7, random.nextBoolean() ? committed : 0);
            } else if (dice < 80) {
                follow();
            } else if (dice < 84) {
                log.hibernate();
            } else if (dice < 87) {
                flush();
                log.deleteOldSegments(5000, -1, random.nextInt(40_000), 0, Long.MAX_VALUE);
                grown();
            } else if (dice < 90) {
                compare();
            } else if (dice < 93) {
                dir.close();
                reopen(model.size());
            } else {
                crash();
            }
        }

        private void crash() throws IOException {
            if (random.nextBoolean()) {
                memory.kill();
                reopen(flushed);
            } else {
                memory.powerCut(random.split());
                reopen(durable);
            }
        }

        private void runSomeBackground() {
            for (int i = random.nextInt(4); i > 0 && !dir.background.isEmpty(); i--) {
                dir.background.remove().run();
            }
        }

        private void flush() throws IOException {
            log.flush();
            flushed = model.size();
        }

        private void lead() throws IOException {
            epoch++;
            appendSome(dir, log);
            flush();
            grown();
        }

        private void appendSome(TestDirectory to, PartitionLog at) throws IOException {
            at.appendControl(EntryKind.EPOCH_START, ByteBuffer.allocate(random.nextInt(100)), epoch, 1000);
            for (int i = random.nextInt(6); i > 0; i--) {
                to.append(at, 1000, 1, "e" + epoch, "x".repeat(random.nextInt(random.nextInt(8) == 0 ? 4000 : 200)));
            }
            if (random.nextInt(8) == 0) {
                at.sealOpen(1000);
            }
        }

        /** Takes in what the log has made of what it was told. */
        private void grown() throws IOException {
            read(log, model);
            flushed = model.size();
        }

        private static void read(PartitionLog from, List<byte[]> into) throws IOException {
            while (into.size() < from.endIndex()) {
                try (EntryRun run = from.readEntries(into.size(), from.endIndex(), 1)) {
                    ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
                    run.bytes().copyTo(bytes);
                    into.add(bytes.array());
                }
            }
        }

        /** The other log comes to another continuation; this one is cut where they part, and takes it over. */
        private void follow() throws IOException {
            long lowest = Math.max(committed, log.startIndex());
            int index = (int) random.nextLong(lowest, model.size() + 1);
            makeTheirs(index);
            if (!truncate(index)) {
                return;
            }
            log.follow();
            int until = random.nextInt(index, theirModel.size() + 1);
            while (model.size() < until) {
                int next = Math.min(until, model.size() + random.nextInt(1, 5));
                log.appendReplicated(joined(theirModel.subList(model.size(), next)), 1000);
                if (random.nextInt(3) == 0) {
                    log.flush();
                }
                model.addAll(theirModel.subList(model.size(), next));
            }
            flush();
        }

        private void makeTheirs(int index) throws IOException {
            int common = 0;
            while (common < Math.min(index, theirModel.size()) && model.get(common) == theirModel.get(common)) {
                common++;
            }
            PartitionLog other = theirs.log();
            other.truncateTo(common, 0);
            theirModel.subList(common, theirModel.size()).clear();
            if (common < index) {
                other.appendReplicated(joined(model.subList(common, index)), 1000);
                theirModel.addAll(model.subList(common, index));
            }
            if (random.nextInt(5) > 0) {
                epoch++;
                appendSome(theirs, other);
            }
            theirs.commit(other);
            theirs.runBackground();
            read(other, theirModel);
        }

        private static ByteBuffer joined(List<byte[]> entries) {
            ByteBuffer bytes = ByteBuffer.allocate(
                    entries.stream().mapToInt(entry -> entry.length).sum());
            entries.forEach(bytes::put);
            return bytes.flip();
        }

        /** False if the process died in it. */
        private boolean truncate(int index) throws IOException {
            EntryRun held = null;
            if (random.nextInt(3) == 0 && index < model.size()) {
                held = log.readEntries(index, log.endIndex(), 1);
            }
            boolean dies = random.nextInt(4) == 0;
            if (dies) {
                disk.dieAfter(random.nextInt(12));
            }
            boolean cut = false;
            try {
                log.truncateTo(index, committed);
                cut = true;
            } catch (StorageException e) {
                assertTrue(dies && disk.died(), String.valueOf(e));
            } finally {
                disk.heal();
            }
            if (held != null) {
                ByteBuffer bytes = ByteBuffer.allocate(held.bytes().sizeInBytes());
                held.bytes().copyTo(bytes);
                assertArrayEquals(model.get(index), bytes.array());
                held.close();
            }
            if (!cut) {
                durable = Math.min(durable, index);
                flushed = index;
                crash();
                return false;
            }
            entriesCut += model.size() - index;
            model.subList(index, model.size()).clear();
            assertEquals(index, log.endIndex());
            if (log.durableIndex() == index) {
                durable = index;
            }
            flushed = index;
            return true;
        }

        /** After whatever happened: at least {@code kept} entries are there, and they are those of the model. */
        private void reopen(long kept) throws IOException {
            List<LogVerifier.Finding> findings = new ArrayList<>();
            assertTrue(LogVerifier.verify(memory, OURS, findings::add).intact(), findings.toString());
            opened();
            long end = log.endIndex();
            assertTrue(end >= kept, "end " + end + ", kept " + kept);
            assertTrue(end <= model.size(), "end " + end + " of " + model.size());
            model.subList((int) end, model.size()).clear();
            flushed = end;
            durable = end;
            compare();
        }

        private void compare() throws IOException {
            flush();
            List<byte[]> found = new ArrayList<>(model.subList(0, (int) log.startIndex()));
            int start = found.size();
            read(log, found);
            assertEquals(model.size(), found.size());
            List<EpochStart> epochs = new ArrayList<>();
            Envelope envelope = new Envelope();
            for (int i = start; i < found.size(); i++) {
                assertArrayEquals(model.get(i), found.get(i), "entry " + i);
                int of = envelope.wrap(ByteBuffer.wrap(model.get(i)), 0).leaderEpoch();
                if (epochs.isEmpty() || epochs.get(epochs.size() - 1).epoch() != of) {
                    epochs.add(new EpochStart(of, i));
                }
            }
            if (start < found.size()) {
                assertEquals(epochs, log.epochs());
            }
        }
    }
}
