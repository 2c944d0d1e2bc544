package io.headwater.broker.copy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.Lack;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas over logs on real disks: what one writes all have, byte by byte, and what was not committed is cut. */
class CopyLogTest {
    @TempDir
    private Path path;

    private CopyWorld world(int count) {
        return new CopyWorld(path, count, i -> new FileSystemDisk());
    }

    private static void write(CopyNode leader, int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(leader.write(200 + i * 37 % 900));
        }
    }

    private static void assertSegmentsEqual(CopyWorld world) throws IOException {
        List<Path> expected = world.leader().segments();
        for (CopyNode node : world.nodes) {
            List<Path> found = node.segments();
            assertEquals(expected.size(), found.size());
            for (int i = 0; i < found.size() - 1; i++) {
                assertEquals(expected.get(i).getFileName(), found.get(i).getFileName());
                assertArrayEquals(Files.readAllBytes(expected.get(i)), Files.readAllBytes(found.get(i)));
            }
        }
    }

    @Test
    void allHaveWhatOneWritesSegmentBySegment() throws IOException {
        for (int count = 2; count <= 3; count++) {
            path = path.resolve("of-" + count);
            CopyWorld world = world(count);
            CopyNode leader = world.failOver();
            write(leader, 60);
            assertTrue(leader.copy().read(0, 1 << 20).bytes() > 0);
            world.settle();
            world.assertAllEqual();
            assertTrue(leader.segments().size() > 3);
            assertSegmentsEqual(world);
            world.nodes.forEach(CopyNode::stop);
        }
    }

    @Test
    void aLeaderThatWasAloneIsCutWhenItComesBack() throws IOException {
        CopyWorld world = world(3);
        CopyNode first = world.failOver();
        write(first, 25);
        world.settle();
        world.cut = (from, to) -> from == first.number || to == first.number;
        write(first, 40);
        long alone = first.log().endIndex();
        world.run();
        assertTrue(first.replica().commit() < alone);
        first.stop();
        CopyNode second = world.failOver();
        assertTrue(second != first);
        write(second, 10);
        world.settle();
        world.cut = (from, to) -> false;
        first.start();
        world.settle();
        world.assertAllEqual();
        assertTrue(first.log().endIndex() < alone);
        assertSegmentsEqual(world);
        assertEquals(second.copy().epochs().lastEpoch(), first.copy().epochs().lastEpoch());
        world.nodes.forEach(CopyNode::stop);
    }

    @Test
    void allComeBackFromTheirDisksWithEpochsPromisesAndCommits() throws IOException {
        CopyWorld world = world(3);
        for (int i = 0; i < 4; i++) {
            write(world.failOver(), 15);
            world.settle();
            CopyNode gone = world.node(i % 3);
            long commit = gone.replica().commit();
            int promised = gone.copy().start(gone.id(), 1, 1).promised();
            assertEquals(i + 1, promised);
            gone.stop();
            gone.start();
            assertEquals(promised, gone.copy().start(gone.id(), 1, 1).promised());
            assertEquals(commit, gone.replica().commit());
            world.settle();
        }
        world.nodes.forEach(CopyNode::stop);
        world.nodes.forEach(CopyNode::start);
        write(world.failOver(), 15);
        world.settle();
        world.assertAllEqual();
        assertSegmentsEqual(world);
        assertEquals(
                List.of(1, 2, 3, 4, 5),
                world.leader().copy().epochs().between(0, world.leader().log().endIndex()).stream()
                        .map(row -> row.epoch())
                        .toList());
        world.nodes.forEach(CopyNode::stop);
    }

    @Test
    void aFollowerWithAFullDiskTakesTheRestWhenThereIsRoom() throws IOException {
        CopyWorld world = world(3);
        CopyNode leader = world.failOver();
        write(leader, 10);
        world.settle();
        CopyNode full = world.node((leader.number + 1) % 3);
        full.disk.fullAfter(0);
        write(leader, 60);
        world.run();
        assertTrue(full.copy().refusedAppends() > 0);
        assertEquals(leader.log().endIndex(), leader.replica().commit(), "the other two are a majority");
        assertTrue(full.log().endIndex() < leader.log().endIndex());
        assertNull(full.halted);
        full.disk.heal();
        world.settle();
        world.assertAllEqual();
        assertSegmentsEqual(world);
        world.nodes.forEach(CopyNode::stop);
    }

    @Test
    void aCopyCountsNothingUnsyncedWhenASyncHasFailed() {
        CopyWorld world = world(3);
        CopyNode leader = world.failOver();
        write(leader, 1);
        world.settle();
        CopyNode failing = world.node((leader.number + 1) % 3);
        assertTrue(world.node((leader.number + 2) % 3).copy().mayCountWritten());
        failing.disk.failSyncs(1, file -> file.toString().endsWith(".log"));
        write(leader, 1);
        world.run();
        assertFalse(failing.copy().mayCountWritten());
    }

    @Test
    void bytesThatAWireHasSpoiltAreRefusedWhereverTheyAreAndSentAgain() throws IOException {
        CopyWorld world = world(2);
        CopyNode leader = world.failOver();
        world.settle();
        CopyNode follower = world.node(1 - leader.number);
        SplittableRandom random = new SplittableRandom(1);
        world.wire = bytes -> {
            // Envelopes, batch headers and payloads.
            if (random.nextBoolean()) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return bytes;
        };
        for (int i = 0; i < 200; i++) {
            write(leader, 1);
            world.settle();
        }
        assertNull(follower.halted);
        assertTrue(world.refusedOnArrival > 20, "arrival: " + world.refusedOnArrival);
        assertTrue(
                follower.copy().refusedAppends() > 20,
                "append: " + follower.copy().refusedAppends());
        world.assertAllEqual();
        assertFalse(leader.segments().isEmpty());
        assertSegmentsEqual(world);
        world.nodes.forEach(CopyNode::stop);
    }

    private static void flip(Path file, long position) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) position] ^= 8;
        Files.write(file, bytes);
    }

    @Test
    void aCopyThatRotsIsNobodyUntilItHasEverythingAgain() throws IOException {
        for (int segment = 0; segment < 4; segment++) {
            path = path.resolve("at-" + segment);
            CopyWorld world = world(3);
            CopyNode leader = world.failOver();
            write(leader, 60);
            world.settle();
            CopyNode rotten = world.node((leader.number + 1) % 3);
            CopyNode other = world.node((leader.number + 2) % 3);
            world.cut = (from, to) -> to == other.number;
            write(leader, 1);
            world.run();
            List<Path> files = rotten.segments();
            Path file = files.get(segment < 3 ? segment : files.size() - 1);
            flip(file, 300);
            long before = rotten.log().endIndex();
            world.cut = (from, to) -> true;
            assertTrue(rotten.rots(file, 300));
            assertTrue(rotten.isSuspect());
            assertTrue(rotten.log().endIndex() < before);
            world.tell(rotten);
            // The leader is gone, and with it what this copy would need: what it had before, the other one has not.
            leader.stop();
            world.seal();
            world.run();
            assertFalse(world.elect(), "reports: " + world.reports);
            assertEquals(2, world.reports.size(), "reports: " + world.reports);
            leader.start();
            world.cut = (from, to) -> false;
            world.askForReports();
            world.settle();
            assertTrue(world.elect());
            world.settle();
            assertFalse(rotten.isSuspect());
            world.assertAllEqual();
            assertSegmentsEqual(world);
            // It counts again.
            world.leader().stop();
            write(world.failOver(), 5);
            world.settle();
            world.nodes.stream().filter(CopyNode::isUp).forEach(CopyNode::stop);
        }
    }

    /** What it had when it was found damaged is still known after a restart. */
    @Test
    void aCopyThatHealsIsHeardForOneThatHasAllThatItHad() throws IOException {
        CopyWorld world = world(3);
        CopyNode leader = world.failOver();
        write(leader, 60);
        world.settle();
        CopyNode rotten = world.node((leader.number + 1) % 3);
        Path file = rotten.segments().get(1);
        flip(file, 300);
        world.cut = (from, to) -> true;
        long had = rotten.log().endIndex();
        assertTrue(rotten.rots(file, 300));
        rotten.stop();
        rotten.start();
        leader.stop();
        world.cut = (from, to) -> false;
        CopyNode next = world.failOver();
        assertEquals((leader.number + 2) % 3, next.number);
        assertTrue(world.reports.contains(
                new ControllerMessage.SealReport(2, rotten.id(), rotten.incarnation(), 1, had, Lack.ANYTHING)));
        write(next, 5);
        world.settle();
        assertFalse(rotten.isSuspect());
        leader.start();
        world.settle();
        world.assertAllEqual();
        world.nodes.forEach(CopyNode::stop);
    }

    /** It may be told to lead what it was found for before, and takes a restart in between. */
    @Test
    void aLeaderThatRotsFollowsThenAndARestartChangesNothing() throws IOException {
        CopyWorld world = world(3);
        CopyNode rotten = world.failOver();
        write(rotten, 60);
        world.settle();
        Path file = rotten.segments().get(1);
        flip(file, 300);
        assertTrue(rotten.rots(file, 300));
        world.told.clear();
        world.tell(rotten);
        world.run();
        assertFalse(rotten.replica().isLeading());
        assertTrue(world.told.stream().anyMatch(ControllerMessage.SealWanted.class::isInstance), "told: " + world.told);
        rotten.stop();
        rotten.start();
        assertTrue(rotten.isSuspect());
        CopyNode next = world.failOver();
        assertTrue(next != rotten);
        write(next, 5);
        world.settle();
        assertFalse(rotten.isSuspect());
        world.assertAllEqual();
        world.nodes.forEach(CopyNode::stop);
    }

    /** What it wrote itself it trusts, until somebody does not take it. */
    @Test
    void aLeaderThatSendsWhatHasRottenFindsThatOutItself() throws IOException {
        CopyWorld world = world(3);
        CopyNode leader = world.failOver();
        int away = (leader.number + 1) % 3;
        world.cut = (from, to) -> from == away || to == away;
        write(leader, 60);
        world.run(10);
        // Behind what is on its way.
        Path file = leader.segments().get(4);
        flip(file, 300);
        world.cut = (from, to) -> false;
        world.run(40);
        assertTrue(String.valueOf(leader.halted).contains("cannot be read"), "halted: " + leader.halted);
        assertEquals(file, leader.log().damage().file());
        assertTrue(world.node(away).copy().refusedAppends() > 0);
        world.nodes.forEach(CopyNode::stop);
    }

    /** What a leader does now and then, and what it tells the others. */
    private static void retain(CopyWorld world, long bytes) throws IOException {
        world.leader().log().deleteOldSegments(world.nowMs, -1, bytes);
        world.settle();
        for (CopyNode node : world.nodes) {
            if (node.isUp()) {
                node.copy().dropBefore(world.leader().copy().startIndex());
            }
        }
        world.settle();
    }

    @Test
    void anEmptyCopyJoinsALogThatHasLostItsBeginning() throws IOException {
        CopyWorld world = world(2);
        for (int i = 0; i < 3; i++) {
            write(world.failOver(), 40);
            world.settle();
        }
        retain(world, 10_000);
        long start = world.leader().log().startIndex();
        assertTrue(start > 50);
        assertEquals(start, world.node(1 - world.leader().number).log().startIndex());
        CopyNode late = world.add(path, new FileSystemDisk());
        world.tellAll();
        world.settle();
        assertEquals(1, world.copies);
        assertEquals(world.leader().copy().logStart(), late.copy().logStart());
        world.assertAllEqual();
        assertSegmentsEqual(world);
        late.stop();
        write(world.failOver(), 20);
        late.start();
        world.settle();
        world.assertAllEqual();
        assertSegmentsEqual(world);
        assertEquals(1, world.copies, "it has what it needs");
        world.nodes.forEach(CopyNode::stop);
    }

    /** All entries are gone, on the leader too: the epoch of the last one is what the two have in common. */
    @Test
    void anEmptyCopyJoinsALogOfWhichNothingIsLeft() throws IOException {
        CopyWorld world = world(2);
        write(world.failOver(), 40);
        world.settle();
        CopyNode leader = world.leader();
        leader.log().deleteOldSegments(world.nowMs, -1, 0);
        world.settle();
        leader.log().sealOpen(world.nowMs);
        leader.call(() -> leader.replica().onAppended());
        world.settle();
        leader.log().deleteOldSegments(world.nowMs, -1, 0);
        world.settle();
        assertTrue(leader.log().endIndex() - leader.log().startIndex() <= 1);
        CopyNode late = world.add(path, new FileSystemDisk());
        world.tellAll();
        world.settle();
        assertEquals(leader.log().endIndex(), late.log().durableIndex());
        late.stop();
        late.start();
        write(leader, 5);
        world.settle();
        world.assertAllEqual();
        world.nodes.forEach(CopyNode::stop);
    }

    /** Neither is it there, nor is it given up: it begins when there is room. */
    @Test
    void anEmptyCopyBeginsWhereTheLogDoesWhenThereIsRoomForThat() throws IOException {
        CopyWorld world = world(2);
        for (int i = 0; i < 2; i++) {
            write(world.failOver(), 40);
            world.settle();
        }
        retain(world, 10_000);
        CopyNode late = world.add(path, new FileSystemDisk());
        late.disk.fullAfter(0);
        world.tellAll();
        world.run();
        assertTrue(late.full > 0);
        assertEquals(0, late.log().endIndex());
        late.disk.heal();
        world.settle();
        assertEquals(world.leader().copy().logStart(), late.copy().logStart());
        world.assertAllEqual();
        world.nodes.forEach(CopyNode::stop);
    }

    @Test
    void anOldCopyIsReplacedWhereTheLogsHaveNothingInCommonAnyMore() throws IOException {
        CopyWorld world = world(3);
        CopyNode first = world.failOver();
        write(first, 10);
        world.settle();
        world.cut = (from, to) -> from == first.number || to == first.number;
        write(first, 20);
        world.run();
        first.stop();
        for (int i = 0; i < 2; i++) {
            write(world.failOver(), 60);
            world.settle();
        }
        retain(world, 10_000);
        assertTrue(world.leader().log().startIndex() > 50);
        world.cut = (from, to) -> false;
        first.start();
        world.settle();
        assertEquals(1, world.copies);
        world.assertAllEqual();
        assertSegmentsEqual(world);
        world.nodes.forEach(CopyNode::stop);
    }

    @Test
    void aFollowerThatRetentionOvertakesCopiesAndGoesOn() throws IOException {
        CopyWorld world = world(3);
        CopyNode leader = world.failOver();
        write(leader, 10);
        world.settle();
        CopyNode slow = world.node((leader.number + 1) % 3);
        world.cut = (from, to) -> to == slow.number;
        write(leader, 100);
        world.run();
        assertEquals(leader.log().endIndex(), leader.replica().commit());
        leader.log().deleteOldSegments(world.nowMs, -1, 10_000);
        assertTrue(leader.log().startIndex() > slow.log().endIndex());
        world.cut = (from, to) -> false;
        world.settle();
        assertEquals(1, world.copies);
        world.assertAllEqual();
        assertEquals(leader.log().startIndex(), slow.log().startIndex());
        world.nodes.forEach(CopyNode::stop);
    }

    @Test
    void aCopyThatKnowsMoreToBeCommittedThanTheLeaderHasLostHalts() throws IOException {
        CopyWorld world = world(2);
        CopyNode leader = world.failOver();
        write(leader, 30);
        world.settle();
        CopyNode follower = world.node(1 - leader.number);
        long commit = follower.replica().commit();
        CopyFailedException refused = assertThrows(
                CopyFailedException.class, () -> follower.copy().beginAt(new LogStart(commit - 1, 10, 1, 1)));
        assertFalse(refused.isFull());
        world.assertAllEqual();
        world.nodes.forEach(CopyNode::stop);
    }

    /** The leader has rewritten what is committed; a follower that lags has half of what is one hole there. */
    @Test
    void aHoleInTheLeadersLogFitsWhereverTheFollowersEnds() throws IOException {
        for (int has = 1; has < 40; has++) {
            Path here = path.resolve("has-" + has);
            CopyWorld world = new CopyWorld(here, 3, i -> new FileSystemDisk());
            CopyNode leader = world.failOver();
            CopyNode slow = world.node((leader.number + 1) % 3);
            write(leader, has);
            world.settle();
            world.cut = (from, to) -> to == slow.number;
            write(leader, 60 - has);
            world.run();
            world.rewritten = true;
            leader.log().rewrite(offset -> offset > 60, 1, Runnable::run, report -> assertNull(report.failure()));
            world.run();
            assertTrue(leader.entries().size() < leader.log().endIndex() - 10);
            world.cut = (from, to) -> false;
            world.settle();
            assertNull(slow.halted);
            assertEquals(leader.log().endIndex(), slow.log().durableIndex(), "had " + has);
            assertEquals(leader.log().endOffset(), slow.log().endOffset());
            slow.stop();
            slow.start();
            world.settle();
            assertTrue(leader.entries().tailMap(50L).equals(slow.entries().tailMap(50L)));
            world.nodes.forEach(CopyNode::stop);
        }
    }
}
