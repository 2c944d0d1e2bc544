package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whole segments that one log gives and another takes: nothing that is not exactly what was announced becomes part of a log. */
class SegmentExchangeTest {
    private static final Path OURS = Path.of("/data");
    private static final Path THEIRS = Path.of("/leader");
    private static final Path PARTITION = OURS.resolve("partitions/7");

    private final MemoryDisk memory = new MemoryDisk();

    private TestDirectory ours() throws IOException {
        return new TestDirectory(OURS, TestDirectory.SMALL, memory);
    }

    private static TestDirectory leader(MemoryDisk disk) throws IOException {
        TestDirectory dir = new TestDirectory(THEIRS, TestDirectory.SMALL, disk);
        PartitionLog log = dir.log();
        dir.epoch = 5;
        for (int i = 0; i < 90; i++) {
            dir.append(log, i, i, "of-the-leader-" + i + "x".repeat(i % 9 == 0 ? 1500 : 300), "second");
            dir.commit(log);
            dir.runBackground();
            dir.epoch += i % 15 / 14;
        }
        return dir;
    }

    private static byte[] bytesOf(PartitionLog log, long base) throws IOException {
        try (SegmentPart part = log.exchange().lend(base, 0, 0, Integer.MAX_VALUE)) {
            assertNotNull(part);
            assertEquals(part.manifest().bytes(), part.size());
            byte[] bytes = new byte[part.size()];
            part.read().get(bytes);
            return bytes;
        }
    }

    private static SegmentManifest manifestOf(PartitionLog log, long base) throws IOException {
        try (SegmentPart part = log.exchange().lend(base, 0, 0, 1)) {
            return part.manifest();
        }
    }

    private static IncomingSegment receive(PartitionLog log, SegmentManifest manifest, byte[] bytes)
            throws IOException {
        IncomingSegment incoming = log.exchange().receive(manifest);
        assertNotNull(incoming);
        incoming.write(0, ByteBuffer.wrap(bytes));
        assertTrue(incoming.isComplete());
        return incoming;
    }

    @Test
    void aLogIsFilledSegmentBySegmentAndGoesOn() throws IOException {
        try (TestDirectory theirs = leader(new MemoryDisk());
                TestDirectory ours = ours()) {
            PartitionLog from = theirs.log();
            PartitionLog to = ours.log();
            to.follow();
            List<Long> bases = new ArrayList<>();
            while (from.exchange().offers(to.endIndex())) {
                long base = to.endIndex();
                bases.add(base);
                assertTrue(to.exchange().takes());
                IncomingSegment incoming = receive(to, manifestOf(from, base), bytesOf(from, base));
                assertFalse(to.exchange().take(incoming), "not before it is checked");
                assertTrue(incoming.finish());
                assertTrue(to.exchange().take(incoming));
                assertFalse(to.exchange().take(incoming), "once");
                assertEquals(to.endIndex(), to.durableIndex());
                ours.runBackground();
            }
            assertTrue(bases.size() > 3);
            assertEquals(from.epochs().get(0), to.epochs().get(0));
            // Entries come behind it, as of any follower.
            try (EntryRun run = from.readEntries(to.endIndex(), from.endIndex(), 1 << 20)) {
                ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
                run.bytes().copyTo(bytes);
                to.appendReplicated(bytes.flip(), 99);
                ours.commit(to);
            }
            assertFalse(to.exchange().takes(), "it ends inside a segment");
            assertEquals(from.endIndex(), to.endIndex());
            assertEquals(from.epochs(), to.epochs());
            for (long base : bases) {
                assertArrayEquals(bytesOf(from, base), bytesOf(to, base));
            }
        }
        List<LogVerifier.Finding> findings = new ArrayList<>();
        assertTrue(LogVerifier.verify(memory, OURS, findings::add).intact());
        assertEquals(List.of(), findings);
    }

    /** Each byte of a segment in turn; what is good before it is kept, and the rest asked for once more. */
    @Test
    void noByteMayBeAnother() throws IOException {
        try (TestDirectory theirs = leader(new MemoryDisk());
                TestDirectory ours = ours()) {
            PartitionLog from = theirs.log();
            PartitionLog to = ours.log();
            to.follow();
            byte[] bytes = bytesOf(from, 0);
            SegmentManifest manifest = manifestOf(from, 0);
            for (int at = 0; at < bytes.length; at++) {
                byte[] spoilt = bytes.clone();
                spoilt[at] ^= (byte) (1 << at % 8);
                IncomingSegment incoming = receive(to, manifest, spoilt);
                assertFalse(incoming.finish(), "byte " + at);
                assertFalse(to.exchange().take(incoming), "byte " + at);
                assertTrue(incoming.position() <= at, "byte " + at + ": cut at " + incoming.position());
                incoming.write(0, ByteBuffer.wrap(bytes));
                assertTrue(incoming.finish(), "byte " + at);
                incoming.discard();
            }
            assertEquals(0, to.endIndex());
        }
    }

    @Test
    void whatIsNotTheNextSegmentIsNotTaken() throws IOException {
        try (TestDirectory theirs = leader(new MemoryDisk());
                TestDirectory ours = ours()) {
            PartitionLog from = theirs.log();
            PartitionLog to = ours.log();
            to.follow();
            SegmentManifest first = manifestOf(from, 0);
            assertNull(to.exchange().receive(manifestOf(from, first.endIndex())), "a gap");
            assertFalse(from.exchange().offers(1));
            assertFalse(from.exchange().offers(from.endIndex()));
            // As another rewriting of it would be announced.
            SegmentManifest other = new SegmentManifest(
                    0, first.endIndex(), first.bytes(), first.checksum() + 1, first.epochBefore(), first.lastEpoch());
            IncomingSegment wrong = receive(to, other, bytesOf(from, 0));
            assertFalse(wrong.finish());
            assertEquals(0, wrong.position());
            IncomingSegment right = receive(to, first, bytesOf(from, 0));
            assertTrue(right.finish());
            assertEquals(1, memory.list(PARTITION).size(), "what another one has left goes");
            // The log has got entries meanwhile.
            ours.append(to, 1, 1, "own");
            ours.commit(to);
            assertFalse(to.exchange().take(right));
            assertEquals(1, to.endIndex());
        }
    }

    @Test
    void onlyWhatIsCommittedIsGiven() throws IOException {
        try (TestDirectory theirs = leader(new MemoryDisk())) {
            PartitionLog log = theirs.log();
            long end = manifestOf(log, 0).endIndex();
            log.committed(end - 1);
            assertFalse(log.exchange().offers(0));
            assertNull(log.exchange().lend(0, 0, 0, 1));
            log.committed(end);
            assertTrue(log.exchange().offers(0));
            assertFalse(log.exchange().offers(end));
        }
    }

    /** What is lent stays readable; who asks for the rest of it hears that it is another one, or gone. */
    @Test
    void aSegmentMayBeRewrittenOrRemovedWhileItIsRead() throws IOException {
        try (TestDirectory theirs = leader(new MemoryDisk())) {
            PartitionLog log = theirs.log();
            byte[] before = bytesOf(log, 0);
            SegmentManifest manifest = manifestOf(log, 0);
            SegmentPart rest = log.exchange().lend(0, manifest.checksum(), 100, 50);
            assertEquals(100, rest.position());
            log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {1}));
            for (int i = 0; i < 30; i++) {
                theirs.append(log, 50, 50, "more" + "x".repeat(900));
                theirs.commit(log);
                theirs.runBackground();
            }
            log.rewrite(offset -> offset % 5 == 0, 1, Runnable::run, report -> assertNull(report.failure()));
            theirs.runBackground();
            SegmentPart other = log.exchange().lend(0, manifest.checksum(), 100, 50);
            assertFalse(other.manifest().equals(manifest));
            assertEquals(0, other.position());
            other.close();
            log.deleteOldSegments(60, 1, -1);
            assertNull(log.exchange().lend(0, manifest.checksum(), 100, 50));
            byte[] lent = new byte[50];
            rest.read().get(lent);
            assertArrayEquals(Arrays.copyOfRange(before, 100, 150), lent);
            rest.close();
        }
    }
}
