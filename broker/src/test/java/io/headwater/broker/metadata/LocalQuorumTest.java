package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.headwater.storage.CorruptJournalException;
import io.headwater.storage.Journal;
import io.headwater.storage.Marks;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class LocalQuorumTest extends MetadataQuorumContract {
    private static final Path DIRECTORY = Path.of("/data");
    private static final Path FILE = DIRECTORY.resolve("metadata");

    private final MemoryDisk disk = new MemoryDisk();
    private final FaultyDisk faulty = new FaultyDisk(disk);

    LocalQuorumTest() {
        prepare(disk);
    }

    private static void prepare(MemoryDisk disk) {
        try {
            disk.createDirectories(DIRECTORY);
            disk.syncDirectory(Path.of("/"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    MetadataQuorum found() throws IOException {
        return registered(LocalQuorum.create(disk, FILE, "c"), "d");
    }

    private static LocalQuorum registered(LocalQuorum quorum, String directory) {
        CompletableFuture<Outcome> outcome =
                quorum.propose(Commands.register(directory)).toCompletableFuture();
        quorum.doWork();
        assertInstanceOf(Outcome.Committed.class, outcome.join());
        return quorum;
    }

    @Override
    MetadataQuorum crashAndReopen() throws IOException {
        disk.powerCut();
        return LocalQuorum.open(disk, FILE);
    }

    @Override
    MetadataQuorum foundToBeStruck() throws IOException {
        return registered(LocalQuorum.create(faulty, FILE, "c"), "d");
    }

    @Override
    void strike() {
        faulty.failSyncs(file -> true);
    }

    /** After a power cut, which leaves some of what was not synced. */
    @Override
    MetadataQuorum answersNext() throws IOException {
        faulty.heal();
        disk.powerCut(new SplittableRandom(1));
        return LocalQuorum.open(faulty, FILE);
    }

    @Override
    MetadataQuorum foundWithAShortLog() throws IOException {
        return found();
    }

    /** An opened log that is long is written anew. */
    @Override
    MetadataQuorum installedFrom(MetadataQuorum quorum) throws IOException {
        quorum.close();
        int length = written(disk.contents(FILE));
        LocalQuorum.open(disk, FILE).close();
        assertNotEquals(length, written(disk.contents(FILE)), "a snapshot");
        return LocalQuorum.open(disk, FILE);
    }

    private static int written(byte[] bytes) {
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        return end;
    }

    @Test
    void losesNothingThatWasCommittedAtAnyPowerCut() {
        Seeds.run(300, LocalQuorumTest::survivesPowerCuts);
    }

    /** The control: without syncs the same test must see a loss. */
    @Test
    void theTestSeesALossWhenTheDiskIgnoresSyncs() {
        assertThrows(Throwable.class, () -> {
            for (long seed = 0; seed < 50; seed++) {
                survivesPowerCuts(new SplittableRandom(seed), new MemoryDisk().ignoreSyncs());
            }
        });
    }

    private static void survivesPowerCuts(SplittableRandom random) throws IOException {
        survivesPowerCuts(random, new MemoryDisk());
    }

    private static void survivesPowerCuts(SplittableRandom random, MemoryDisk disk) throws IOException {
        prepare(disk);
        LocalQuorum quorum = registered(LocalQuorum.create(disk, FILE, "c"), "dir");
        for (int life = 0; life < 4; life++) {
            MetadataImage committed = quorum.image();
            for (int step = 0; step < 40; step++) {
                List<CompletableFuture<Outcome>> batch = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    batch.add(quorum.propose(Commands.random(random)).toCompletableFuture());
                }
                if (random.nextInt(40) == 0) {
                    break;
                }
                quorum.doWork();
                batch.forEach(outcome -> assertTrue(outcome.isDone()));
                committed = quorum.image();
            }
            disk.powerCut(random);
            quorum = LocalQuorum.open(disk, FILE);
            // What was proposed and never synced may be there, whole commands at a time; what was committed must be.
            assertTrue(quorum.image().appliedIndex() >= committed.appliedIndex(), "a committed command is lost");
            if (quorum.image().appliedIndex() == committed.appliedIndex()) {
                MetadataMachineTest.assertSame(committed, quorum.image());
            }
        }
    }

    @Test
    void refusesToStartOverAFlippedBit() throws IOException {
        MetadataQuorum quorum = found();
        for (int i = 0; i < 5; i++) {
            done(quorum, Commands.create("topic-" + i, 3));
        }
        MetadataImage whole = quorum.image();
        quorum.close();
        byte[] bytes = disk.contents(FILE);
        int refused = 0;
        int written = written(bytes);
        for (int position = 0; position < written; position++) {
            disk.put(FILE, bytes);
            disk.flipBit(FILE, position, position % 8);
            try (LocalQuorum opened = LocalQuorum.open(disk, FILE)) {
                // In the last record a flipped bit cannot be told from a torn write, which nobody was told of.
                assertTrue(opened.image().appliedIndex() >= whole.appliedIndex() - 1, "byte " + position);
            } catch (CorruptJournalException | DamagedMetadataException e) {
                refused++;
                assertTrue(String.valueOf(e.getMessage()).contains("metadata"), e.toString());
            }
        }
        assertTrue(refused > written / 2, refused + " of " + written);
    }

    @Test
    void opensAtEveryTornEnd() throws IOException {
        MetadataQuorum quorum = found();
        done(quorum, Commands.create("a", 3));
        byte[] first = disk.contents(FILE);
        done(quorum, Commands.create("b", 3));
        byte[] bytes = disk.contents(FILE);
        quorum.close();
        for (int end = written(bytes); !same(bytes, end, first); end--) {
            byte[] torn = bytes.clone();
            Arrays.fill(torn, end - 1, bytes.length, (byte) 0);
            disk.put(FILE, torn);
            try (LocalQuorum opened = LocalQuorum.open(disk, FILE)) {
                assertNotNull(opened.image().topic("a"));
                assertNull(opened.image().topic("b"));
            }
        }
    }

    /** Whether nothing of the second record is left. */
    private static boolean same(byte[] bytes, int end, byte[] first) {
        return Arrays.equals(Arrays.copyOf(bytes, end), Arrays.copyOf(first, end));
    }

    @Test
    void refusesAMissingFileInAUsedDirectory() {
        DamagedMetadataException refused =
                assertThrows(DamagedMetadataException.class, () -> LocalQuorum.open(disk, FILE));
        assertTrue(String.valueOf(refused.getMessage()).contains("missing"));
    }

    @Test
    void saysUnknownWhenASyncFailsAndWorksAgainAfterwards() throws IOException {
        MetadataQuorum quorum = foundToBeStruck();
        done(quorum, Commands.create("a", 1));
        faulty.failSyncs(file -> true);
        CompletableFuture<Outcome> unknown =
                quorum.propose(Commands.create("b", 1)).toCompletableFuture();
        quorum.doWork();
        CompletionException failure = assertThrows(CompletionException.class, unknown::join);
        assertInstanceOf(MetadataUnavailableException.class, failure.getCause());
        assertFalse(quorum.isWritable());
        assertNull(quorum.image().topic("b"), "nothing that is not durable is shown");
        faulty.heal();
        assertInstanceOf(Outcome.Committed.class, done(quorum, Commands.create("c", 1)));
        assertTrue(quorum.isWritable());
        MetadataImage before = quorum.image();
        disk.powerCut();
        MetadataMachineTest.assertSame(before, LocalQuorum.open(disk, FILE).image());
    }

    @Test
    void syncsOnceForAllProposalsOfATurn() throws IOException {
        FaultyDisk counting = new FaultyDisk(disk);
        LocalQuorum quorum = registered(LocalQuorum.create(counting, FILE, "c"), "d");
        int before = counting.syncs();
        List<CompletableFuture<Outcome>> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(quorum.propose(Commands.create("t" + i, 1)).toCompletableFuture());
        }
        assertEquals(100, quorum.doWork());
        assertEquals(before + 1, counting.syncs());
        all.forEach(outcome -> assertInstanceOf(Outcome.Committed.class, outcome.join()));
    }

    @Test
    void keepsTheJournalShortHoweverManyCommandsThereWere() throws IOException {
        MetadataQuorum quorum = LocalQuorum.create(disk, FILE, "c");
        for (int i = 0; i < 10_000; i++) {
            quorum.propose(Commands.producerIds(1000));
            if (i % 50 == 0) {
                quorum.doWork();
            }
        }
        quorum.close();
        assertTrue(disk.contents(FILE).length < 200_000, disk.contents(FILE).length + " bytes");
        assertEquals(10_000, LocalQuorum.open(disk, FILE).image().appliedIndex());
    }

    @Test
    void foundsAClusterOnceAndRegistersEachStart() throws IOException {
        try (Marks marks = Marks.create(disk, DIRECTORY, new UUID(1, 2))) {
            MetadataQuorum first = LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(3, 4), () -> 5);
            assertEquals(new UUID(3, 4).toString(), first.image().clusterId());
            done(first, Commands.create("a", 2));
            first.close();
            MetadataQuorum second = LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(9, 9), () -> 5);
            assertEquals(new UUID(3, 4).toString(), second.image().clusterId());
            assertEquals(2, second.image().topics().get(0).partitions().get(1).epoch());
            second.close();
        }
    }

    @Test
    void foundsTheClusterAnewWhereTheFirstStartDiedInTheMiddle() throws IOException {
        try (Marks marks = Marks.create(disk, DIRECTORY, new UUID(1, 2))) {
            Journal.open(disk, FILE, LocalQuorum.JOURNAL_TAG, payload -> {}).close();
            MetadataQuorum quorum = LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(3, 4), () -> 5);
            assertEquals(1, quorum.image().appliedIndex());
            quorum.close();
        }
    }

    @Test
    void refusesMetadataThatIsOlderThanTheLogsOrGone() throws IOException {
        try (Marks marks = Marks.create(disk, DIRECTORY, new UUID(1, 2))) {
            MetadataQuorum quorum = LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(3, 4), () -> 5);
            quorum.close();
            byte[] old = disk.contents(FILE);
            MetadataQuorum later = LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(3, 4), () -> 5);
            done(later, Commands.create("a", 1));
            marks.register(later.image().topics().get(0).partitions().get(0).partitionId());
            later.close();
            disk.put(FILE, old);
            assertThrows(
                    DamagedMetadataException.class,
                    () -> LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(3, 4), () -> 5));
            disk.delete(FILE);
            assertThrows(
                    DamagedMetadataException.class,
                    () -> LocalMetadata.start(disk, DIRECTORY, marks, () -> new UUID(3, 4), () -> 5));
        }
    }
}
