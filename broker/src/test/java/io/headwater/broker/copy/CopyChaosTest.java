package io.headwater.broker.copy;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.MemoryDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Three replicas over disks that forget what was not synced: power cuts, failovers, cut and spoilt wires, full disks and
 * retention, and bits that rot, in any order. What was committed once stays, on all of them.
 */
class CopyChaosTest {
    private static final int STEPS = 500;

    private final List<MemoryDisk> disks = new ArrayList<>();
    private SplittableRandom random = new SplittableRandom(0);
    private CopyWorld world;
    private static int rotten;
    private static int withoutTails;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 40);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsCommittedStays(long seed) throws Exception {
        stays(seed, false);
    }

    /** At level replicated: processes die as they like, and machines one at a time. */
    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsWrittenByAQuorumStays(long seed) throws Exception {
        stays(seed, true);
    }

    private void stays(long seed, boolean written) throws Exception {
        random = new SplittableRandom(seed);
        for (int i = 0; i < 3; i++) {
            disks.add(new MemoryDisk());
        }
        world = new CopyWorld(Path.of("/data"), 3, disks::get);
        world.commitsWritten = written;
        world.failOver();
        world.slow = () -> random.nextInt(3) > 0;
        for (int i = 0; i < STEPS; i++) {
            step();
            for (CopyNode node : world.nodes) {
                assertNull(node.halted, "node " + node.number);
            }
        }
        world.slow = () -> false;
        world.wire = bytes -> bytes;
        world.cut = (from, to) -> false;
        for (CopyNode node : world.nodes) {
            node.disk.heal();
            if (!node.isUp()) {
                node.start();
            }
        }
        // Whoever led may have gone.
        world.run(10);
        CopyNode leader = world.failOver();
        assertTrue(leader.write(100));
        world.settle();
        world.assertAllEqual();
        assertTrue(world.committed.size() > 5, "committed: " + world.committed.size());
    }

    @AfterAll
    static void someCopiesHaveRotted() {
        assertTrue(rotten > 5, rotten + " rotted");
        assertTrue(withoutTails > 5, withoutTails + " may have lost their tails");
    }

    private CopyNode any() {
        return world.node(random.nextInt(3));
    }

    private void step() throws Exception {
        CopyNode node = any();
        switch (random.nextInt(20)) {
            case 0 -> {
                powerCut(node);
                if (random.nextInt(4) == 0) {
                    powerCut(any());
                }
            }
            case 1 -> {
                world.seal();
                world.run(random.nextInt(4));
            }
            case 2, 3 -> {
                if (!world.isLed()) {
                    world.askForReports();
                    world.run(random.nextInt(4));
                    world.elect();
                }
            }
            case 4 -> {
                int alone = node.number;
                world.cut =
                        random.nextBoolean() ? (from, to) -> from == alone || to == alone : (from, to) -> to == alone;
            }
            case 5 -> world.cut = (from, to) -> false;
            case 6 -> world.wire = random.nextBoolean() ? bytes -> bytes : this::spoil;
            case 7 -> {
                if (random.nextBoolean() && node.isUp()) {
                    node.disk.fullAfter(random.nextInt(3_000));
                } else {
                    world.nodes.forEach(each -> each.disk.heal());
                }
            }
            case 8 -> retain(node);
            case 9, 10 -> world.run(1 + random.nextInt(5));
            case 11 -> world.tellAll();
            case 12, 13 -> {
                if (node.isUp()) {
                    node.turn();
                }
            }
            case 14 -> rot(node);
            default -> {
                for (CopyNode each : world.nodes) {
                    if (each.isUp()) {
                        each.write(random.nextInt(900));
                    }
                }
                for (int i = random.nextInt(6); i > 0 && !world.network.isEmpty(); i--) {
                    world.deliverOne();
                }
            }
        }
    }

    private byte[] spoil(byte[] bytes) {
        if (random.nextInt(3) == 0) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    private void powerCut(CopyNode node) {
        if (!node.isUp()) {
            node.start();
            return;
        }
        boolean others = world.nodes.stream().allMatch(each -> each == node || (each.isUp() && !each.isSuspect()));
        node.vanish();
        if (random.nextInt(4) == 0 || (world.commitsWritten && !others)) {
            disks.get(node.number).kill();
        } else {
            disks.get(node.number).powerCut(random.split());
        }
        node.disk.heal();
        if (random.nextBoolean()) {
            node.start();
            withoutTails += node.lacksTail() ? 1 : 0;
        }
    }

    /** One at a time: what two of three have lost is lost. */
    private void rot(CopyNode node) throws Exception {
        boolean others = world.nodes.stream().allMatch(each -> each.isUp() && !each.isSuspect());
        List<Path> segments = others ? node.segments() : List.of();
        if (segments.isEmpty() || !world.isLed() || world.leader() == node) {
            return;
        }
        // What is written later would make up for it.
        node.call(() -> node.copy().flush());
        Path segment = segments.get(random.nextInt(segments.size()));
        long position = random.nextInt(disks.get(node.number).contents(segment).length);
        disks.get(node.number).flipBit(segment, position, 3);
        if (node.rots(segment, position)) {
            rotten++;
            world.tell(node);
        } else {
            disks.get(node.number).flipBit(segment, position, 3);
        }
    }

    private void retain(CopyNode node) throws Exception {
        if (!node.isUp()) {
            return;
        }
        if (node.replica().isLeading()) {
            if (node.replica().knowsEnd()) {
                node.log().deleteOldSegments(world.nowMs, -1, 20_000);
                node.call(() -> node.replica().onAppended());
            }
        } else if (world.isLed() && world.leader().isUp()) {
            node.copy().dropBefore(world.leader().copy().startIndex());
        }
    }
}
