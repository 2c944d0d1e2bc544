package io.headwater.broker.copy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Copies that hold nothing are filled with whole segments, whatever becomes of those on their way, and of the disk. */
class SegmentCopyTest {
    private static final Path DATA = Path.of("/data");

    private final List<MemoryDisk> disks = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(5);
    private CopyWorld world;
    private CopyNode late;

    private MemoryDisk disk() {
        MemoryDisk disk = new MemoryDisk();
        disks.add(disk);
        return disk;
    }

    /** Two voters with some segments. */
    private CopyNode voters() {
        disks.clear();
        world = new CopyWorld(DATA, 2, i -> disk());
        CopyNode leader = world.failOver();
        write(leader, 150);
        world.settle();
        assertTrue(leader.segments().size() > 10);
        return leader;
    }

    private static void write(CopyNode leader, int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(leader.write(200 + i * 37 % 900));
        }
    }

    /** A learner on an empty disk that has heard of who leads. */
    private void join() {
        late = world.add(DATA, disk());
        world.tellAll();
    }

    private void assertSame() throws IOException {
        assertTrue(late.isUp());
        assertNull(late.halted);
        world.assertAllEqual();
        List<Path> expected = world.leader().segments();
        List<Path> found = late.segments();
        assertEquals(
                expected.stream().map(Path::getFileName).toList(),
                found.stream().map(Path::getFileName).toList());
        for (int i = 0; i < found.size() - 1; i++) {
            assertArrayEquals(
                    disks.get(world.leader().number).contents(expected.get(i)),
                    disks.get(late.number).contents(found.get(i)));
        }
        assertEquals(0, copying());
        // The next start finds the same, and none of it damaged.
        late.stop();
        late.start();
        world.settle();
        world.assertAllEqual();
    }

    /** Files of segments on their way. */
    private long copying() throws IOException {
        Path partition = DATA.resolve("node-" + late.number + "/partitions/" + CopyNode.PARTITION);
        return late.disk.list(partition).stream()
                .filter(name -> name.endsWith(".copying"))
                .count();
    }

    @Test
    void takesAllThatIsSealedAndIsSentTheRest() throws IOException {
        CopyNode leader = voters();
        int sealed = leader.segments().size() - 1;
        world.entriesSent = 0;
        join();
        world.settle();
        assertEquals(sealed, late.segments.takenSegments());
        assertEquals(sealed, leader.segments.takenSegments() + sealed);
        assertTrue(world.entriesSent < leader.log().endIndex() / 10, "sent: " + world.entriesSent);
        assertEquals(0, late.segments.filling());
        assertEquals(late.segments.takenBytes(), leader.segments.givenBytes());
        write(leader, 40);
        world.settle();
        assertSame();
    }

    /** What it has alone may be cut, by whoever leads next: nobody is to have it as final. */
    @Test
    void whoStartsAgainGivesNothingThatItDoesNotKnowToBeCommitted() throws IOException {
        CopyNode alone = voters();
        long committed = alone.replica().commit();
        world.cut = (from, to) -> true;
        write(alone, 150);
        world.run();
        long end = alone.log().endIndex();
        assertTrue(end > committed + 100, "written alone: " + committed + " to " + end);
        alone.stop();
        alone.start();
        assertEquals(end, alone.log().durableIndex());
        int offered = 0;
        int kept = 0;
        for (Path segment : alone.segments()) {
            long base = Long.parseLong(segment.getFileName().toString().replace(".log", ""));
            boolean offers = alone.log().exchange().offers(base);
            assertTrue(!offers || base < committed, "offered: " + base + ", committed: " + committed);
            offered += offers ? 1 : 0;
            kept += !offers && base >= committed ? 1 : 0;
        }
        assertTrue(offered > 5 && kept > 5, "offered: " + offered + ", kept back: " + kept);
    }

    @Test
    void endsAlthoughSegmentsAreSealedFasterThanTheyCome() throws IOException {
        CopyNode leader = voters();
        int[] parts = new int[1];
        world.answers = (back, answer) -> {
            if (answer instanceof SegmentAnswer.Part && parts[0]++ < 2_000) {
                write(leader, 40);
            }
            back.accept(answer);
        };
        join();
        world.settle();
        assertTrue(parts[0] < 500, parts[0] + " parts");
        assertSame();
    }

    /** What a broker that knows nothing of segments does, and one to which nobody answers. */
    @Test
    void isSentEntriesWhereSegmentsCannotBeHad() throws IOException {
        voters();
        world.segments = false;
        join();
        world.settle();
        assertEquals(0, late.segments.takenSegments());
        assertSame();

        voters();
        world.answers = (back, answer) -> back.accept(new SegmentAnswer.Failed("a question of this kind"));
        join();
        world.settle();
        assertEquals(0, late.segments.takenSegments());
        assertSame();
    }

    @Test
    void partsMayBeLostDoubledLateAndSpoilt() throws IOException {
        int spoilt = 0;
        for (int round = 0; round < 20; round++) {
            voters();
            ArrayDeque<Runnable> held = new ArrayDeque<>();
            world.answers = (back, answer) -> {
                switch (random.nextInt(8)) {
                    case 0 -> back.accept(new SegmentAnswer.Failed("no answer"));
                    case 1 -> {
                        back.accept(answer);
                        back.accept(answer);
                    }
                    case 2 -> {
                        held.add(() -> back.accept(answer));
                        back.accept(new SegmentAnswer.Failed("no answer in time"));
                    }
                    default -> back.accept(answer);
                }
                if (random.nextInt(4) == 0 && !held.isEmpty()) {
                    held.remove().run();
                }
            };
            world.wire = bytes -> {
                if (random.nextInt(30) == 0) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                return bytes;
            };
            join();
            world.settle();
            assertTrue(late.segments.takenSegments() > 0);
            spoilt += late.segments.takenBytes() > sealedBytes() + CopyNode.PART_BYTES ? 1 : 0;
            world.wire = bytes -> bytes;
            world.settle();
            assertSame();
        }
        assertTrue(spoilt > 5, "fetched again: " + spoilt);
    }

    private long sealedBytes() throws IOException {
        long bytes = 0;
        List<Path> segments = late.segments();
        for (Path segment : segments.subList(0, segments.size() - 1)) {
            bytes += disks.get(late.number).contents(segment).length;
        }
        return bytes;
    }

    /** The bytes that stand on the giver's disk are not what was written: it is left to the stream, which finds out where. */
    @Test
    void aSegmentThatRotsWhereItComesFromIsNeverTaken() throws IOException {
        CopyNode leader = voters();
        disks.get(leader.number).flipBit(leader.segments().get(3), 300, 3);
        join();
        world.run(300);
        assertEquals(3, late.segments.takenSegments());
        assertTrue(String.valueOf(leader.halted).contains("cannot be read"), "halted: " + leader.halted);
        assertNull(late.halted);
    }

    @Test
    void whatRetentionRemovesMeanwhileIsBegunAnewBehindIt() throws IOException {
        CopyNode leader = voters();
        join();
        int[] parts = {0};
        world.answers = (back, answer) -> {
            if (++parts[0] == 30) {
                try {
                    leader.log().deleteOldSegments(world.nowMs, -1, 20_000);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
            back.accept(answer);
        };
        world.settle();
        assertTrue(leader.log().startIndex() > 0);
        assertEquals(2, world.copies);
        assertEquals(leader.log().startIndex(), late.log().startIndex());
        assertTrue(late.segments.takenSegments() > 2);
        world.node(1 - leader.number).copy().dropBefore(leader.log().startIndex());
        assertSame();
    }

    @Test
    void whatIsRewrittenMeanwhileComesAsItStandsThen() throws IOException {
        CopyNode leader = voters();
        world.rewritten = true;
        join();
        int[] parts = {0};
        world.answers = (back, answer) -> {
            if (++parts[0] == 3) {
                try {
                    leader.log()
                            .rewrite(
                                    offset -> offset % 7 == 0,
                                    1,
                                    Runnable::run,
                                    report -> assertNull(report.failure()));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
            back.accept(answer);
        };
        world.settle();
        assertTrue(leader.entries().size() < leader.log().endIndex() - 10);
        assertEquals(leader.segments().size() - 1, late.segments.takenSegments());
        assertEquals(leader.entries(), late.entries());
        late.stop();
        late.start();
        world.settle();
        assertEquals(leader.entries(), late.entries());
        assertEquals(leader.log().endOffset(), late.log().endOffset());
        assertNull(late.halted);
    }

    @Test
    void whoeverLeadsNextGivesTheRest() throws IOException {
        voters();
        join();
        world.run(3);
        long before = late.segments.takenSegments();
        for (int i = 0; i < 3; i++) {
            assertEquals(1, late.segments.filling());
            world.seal();
            world.run(2);
            assertEquals(0, late.segments.filling(), "it keeps nobody from copying while there is no leader");
            world.askForReports();
            world.run(3);
            assertTrue(world.elect());
            world.run(2);
        }
        world.settle();
        assertTrue(late.segments.takenSegments() > before);
        assertSame();
    }

    @Test
    void aFullDiskTakesTheRestWhenThereIsRoom() throws IOException {
        voters();
        join();
        late.disk.fullAfter(30_000);
        world.run(80);
        long taken = late.segments.takenSegments();
        assertTrue(taken > 0 && taken < world.leader().segments().size() - 1);
        late.disk.heal();
        world.run(10);
        world.settle();
        assertSame();
    }

    /** After each change of the disk that a copy makes, once by a death of the process and once by a power cut. */
    @Test
    void goesOnAfterACrashAtAnyStep() throws IOException {
        int steps = 0;
        boolean died = true;
        for (int at = 1; died; at += 1 + random.nextInt(6)) {
            CopyNode leader = voters();
            join();
            late.disk.dieAfter(at);
            for (int i = 0; i < 400 && !late.disk.died(); i++) {
                world.runOrDie(late);
            }
            died = late.disk.died();
            if (!died) {
                break;
            }
            steps++;
            long had = late.segments.takenSegments();
            late.vanish();
            if (random.nextBoolean()) {
                disks.get(late.number).kill();
            } else {
                disks.get(late.number).powerCut(random.split());
            }
            late.reborn();
            late.start();
            // It is a beginning of what is committed, at the border of two segments, before it has heard of anybody.
            assertEquals(
                    late.entries(),
                    new TreeMap<>(leader.entries().headMap(late.log().endIndex())));
            assertTrue(had < 2 || late.segments().size() >= had - 1, "had " + had);
            world.settle();
            assertSame();
        }
        assertTrue(steps > 50, "steps: " + steps);
    }

    @Test
    void whatHasComeOfASegmentIsNotFetchedAgain() throws IOException {
        CopyNode leader = voters();
        join();
        while (late.segments.takenBytes() < 20_500) {
            world.run(1);
        }
        late.stop();
        late.start();
        world.settle();
        long sealed = sealedBytes();
        assertTrue(
                late.segments.takenBytes() <= sealed + CopyNode.PART_BYTES,
                late.segments.takenBytes() + " of " + sealed);
        assertTrue(leader.segments.givenBytes() <= sealed + 2 * CopyNode.PART_BYTES);
        assertSame();
    }

    @Test
    void neitherSideIsFasterThanItMayBe() throws IOException {
        for (boolean giver : List.of(true, false)) {
            CopyNode leader = voters();
            join();
            (giver ? leader : late).segments = new SegmentTraffic(1_000);
            long begunMs = world.nowMs;
            world.settle();
            long tookMs = world.nowMs - begunMs;
            assertTrue(tookMs >= sealedBytes() - 1_000, "took " + tookMs + " ms for " + sealedBytes());
            assertSame();
        }
        SegmentTraffic.Rate rate = new SegmentTraffic.Rate(1_000_000);
        long nowMs = 77;
        for (int i = 0; i < 1_000; i++) {
            nowMs += rate.waitMs(nowMs);
            assertEquals(0, rate.waitMs(nowMs));
            rate.used(10_000, nowMs);
        }
        assertTrue(nowMs > 9_800 && nowMs < 10_100, "10 MB at 1 MB/s: " + nowMs);
    }

    @Test
    void onlyAFewCopiesAreFilledAtATime() {
        SegmentTraffic traffic = new SegmentTraffic(1);
        for (int i = 0; i < SegmentTraffic.MOST_AT_ONCE; i++) {
            assertTrue(traffic.begin());
        }
        assertFalse(traffic.begin());
        assertFalse(traffic.begin());
        traffic.end();
        assertTrue(traffic.begin());
        assertEquals(SegmentTraffic.MOST_AT_ONCE, traffic.filling());
    }
}
