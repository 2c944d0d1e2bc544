package io.headwater.broker.copy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.Configuration;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.Lack;
import io.headwater.broker.replica.Leader;
import io.headwater.broker.replica.PartitionView;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.storage.Disk;
import io.headwater.storage.InvalidEntriesException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Some nodes, the messages between them, and the test as metadata and controller. No threads, no time but its own. */
final class CopyWorld {
    private static final int QUIET_ROUNDS = 3;
    private static final long ANSWER_MS = 10_000;

    private record Sent(CopyNode from, int to, ReplicaMessage message) {}

    final List<CopyNode> nodes = new ArrayList<>();
    final ArrayDeque<Sent> network = new ArrayDeque<>();
    final List<ControllerMessage.SealReport> reports = new ArrayList<>();
    final List<ControllerMessage> told = new ArrayList<>();
    /** What was ever committed, by index. */
    final TreeMap<Long, ByteBuffer> committed = new TreeMap<>();

    long nowMs = 1_000_000;
    long incarnations;
    int refusedOnArrival;
    int copies;
    long entriesSent;
    /** What becomes of parts on their way. */
    BiConsumer<Consumer<SegmentAnswer>, SegmentAnswer> answers = Consumer::accept;
    /** Whether copies are filled with segments where that is possible. */
    boolean segments = true;

    final ArrayDeque<Runnable> asked = new ArrayDeque<>();
    /** Of questions; whether they are over. */
    private final List<BooleanSupplier> timeOuts = new ArrayList<>();
    /** Equal entries may have other bytes. */
    boolean rewritten;
    /** At level replicated. */
    boolean commitsWritten;
    /** Between whom nothing arrives: from, to. */
    BiPredicate<Integer, Integer> cut = (from, to) -> false;
    /** Whether a disk takes longer than the turn that asks it. */
    BooleanSupplier slow = () -> false;
    /** What a wire makes of the bytes of entries. */
    UnaryOperator<byte[]> wire = bytes -> bytes;

    private int voters;
    private long views;
    private int epoch;
    private @Nullable Leader leader;

    CopyWorld(Path path, int count, IntFunction<Disk> disks) {
        this.voters = count;
        for (int i = 0; i < count; i++) {
            add(path, disks.apply(i));
        }
    }

    /** A learner, unless it is one of the first. */
    CopyNode add(Path path, Disk disk) {
        CopyNode node = new CopyNode(this, nodes.size(), path.resolve("node-" + nodes.size()), disk);
        nodes.add(node);
        return node;
    }

    CopyNode node(int number) {
        return nodes.get(number);
    }

    boolean isLed() {
        return leader != null;
    }

    CopyNode leader() {
        Leader found = leader;
        if (found == null) {
            throw new AssertionError("nobody leads");
        }
        return node(found.node());
    }

    // ---- metadata and controller

    private PartitionView view() {
        List<ReplicaId> ids = nodes.stream().map(CopyNode::id).toList();
        Configuration configuration = new Configuration(1, ids.subList(0, voters), List.of(), 0);
        return new PartitionView(
                ++views, epoch, leader, configuration, ids.subList(voters, ids.size()), 0, commitsWritten);
    }

    void tell(CopyNode node) {
        if (epoch > 0) {
            node.call(() -> node.replica().onView(view()));
        }
    }

    void tellAll() {
        nodes.stream().filter(CopyNode::isUp).forEach(this::tell);
    }

    void seal() {
        epoch++;
        leader = null;
        reports.clear();
        tellAll();
        askForReports();
    }

    void askForReports() {
        nodes.stream()
                .limit(voters)
                .filter(CopyNode::isUp)
                .forEach(node -> node.call(() -> node.replica().onSealRequest(0, epoch)));
    }

    /** Whether the reports are enough to elect one; the most complete of those that are still up in the same incarnation. */
    boolean elect() {
        List<ControllerMessage.SealReport> heard = reports.stream()
                .filter(report -> report.epoch() == epoch && report.lack() != Lack.TAIL)
                .filter(report -> node(report.replica().node()).incarnation() == report.incarnation())
                .toList();
        Comparator<ControllerMessage.SealReport> order = Comparator.comparingInt(
                        ControllerMessage.SealReport::lastEpoch)
                .thenComparingLong(ControllerMessage.SealReport::endIndex);
        ControllerMessage.SealReport best = heard.stream()
                .filter(report -> report.lack() == Lack.NOTHING)
                .max(order)
                .orElse(null);
        if (best == null
                || heard.stream()
                                .filter(report -> order.compare(report, best) <= 0)
                                .map(report -> report.replica().node())
                                .distinct()
                                .count()
                        < voters / 2 + 1) {
            return false;
        }
        leader = new Leader(best.replica(), best.incarnation());
        tellAll();
        return true;
    }

    CopyNode failOver() {
        seal();
        settle();
        assertTrue(elect(), "reports: " + reports);
        settle();
        return leader();
    }

    // ---- the network

    void send(CopyNode from, int to, ReplicaMessage message) {
        network.add(new Sent(from, to, message));
    }

    void deliverOne() {
        Sent next = network.remove();
        CopyNode to = node(next.to());
        if (!to.isUp() || cut.test(next.from().number, next.to())) {
            return;
        }
        ReplicaMessage message = next.message();
        if (message instanceof ReplicaMessage.Append append) {
            EntryBytes sent = (EntryBytes) append.entries();
            entriesSent += sent.endIndex() - sent.fromIndex();
            byte[] bytes = new byte[sent.bytes()];
            sent.content().duplicate().get(bytes);
            try {
                EntryBytes received = EntryBytes.received(ByteBuffer.wrap(wire.apply(bytes)));
                message = new ReplicaMessage.Append(append.epoch(), append.to(), received, append.commit());
            } catch (InvalidEntriesException e) {
                refusedOnArrival++;
                return;
            }
        }
        ReplicaMessage arrived = message;
        to.call(() -> to.replica().receive(arrived));
    }

    /** Until nothing happens any more, however often what got lost is said again. */
    void settle() {
        int quiet = 0;
        for (int round = 0; quiet < QUIET_ROUNDS; round++) {
            assertTrue(round < 2_000, "it never settles");
            boolean busy = round();
            quiet = busy || (isLed() && nodes.stream().anyMatch(CopyNode::isFilling)) ? 0 : quiet + 1;
            if (!busy) {
                tick();
            }
        }
    }

    /** For a while, in which something may be said again and again. */
    void run() {
        run(30);
    }

    void run(int rounds) {
        for (int i = 0; i < rounds; i++) {
            round();
            tick();
        }
    }

    /** One turn in which the process of a node may end. */
    void runOrDie(CopyNode dying) {
        try {
            run(1);
        } catch (RuntimeException | AssertionError e) {
            if (!dying.disk.died()) {
                throw e;
            }
        }
    }

    private boolean round() {
        boolean busy = !network.isEmpty() || !asked.isEmpty();
        for (int i = asked.size(); i > 0; i--) {
            asked.remove().run();
        }
        while (!network.isEmpty()) {
            deliverOne();
        }
        for (CopyNode node : nodes) {
            busy |= node.isUp() && node.turn();
        }
        return busy;
    }

    void tick() {
        nowMs += 1_100;
        timeOuts.removeIf(BooleanSupplier::getAsBoolean);
        nodes.stream().filter(CopyNode::isUp).forEach(CopyNode::tick);
    }

    /** A replica has been told that it must copy; false if there is nobody to ask where to begin. */
    boolean copy(CopyNode node) {
        if (leader == null
                || !leader().isUp()
                || leader() == node
                || node.replica().isLeading()) {
            return false;
        }
        copies++;
        node.copy(leader().copy().logStart());
        return true;
    }

    /** Who has segments, as that node knows; 0 is nobody there, so that nodes count from 1. */
    int source(CopyNode node) {
        return leader == null || leader() == node ? 0 : leader().number + 1;
    }

    /** Where no answer comes, the time-out is one. */
    void ask(CopyNode from, int node, SegmentQuestion question, Consumer<SegmentAnswer> to) {
        AtomicBoolean over = new AtomicBoolean();
        Consumer<SegmentAnswer> back = answer -> {
            over.set(true);
            to.accept(answer);
        };
        long dueMs = nowMs + ANSWER_MS;
        timeOuts.add(() -> {
            if (nowMs >= dueMs && !over.get()) {
                back.accept(new SegmentAnswer.Failed("no answer"));
            }
            return over.get();
        });
        asked.add(() -> {
            CopyNode giver = node(node - 1);
            if (!giver.isUp() || cut.test(from.number, giver.number)) {
                back.accept(new SegmentAnswer.Failed("cut off"));
                return;
            }
            giver.call(() -> giver.asked(question, answer -> asked.add(() -> answered(from, giver, answer, back))));
        });
    }

    private void answered(CopyNode from, CopyNode to, SegmentAnswer answer, Consumer<SegmentAnswer> back) {
        if (cut.test(to.number, from.number)) {
            back.accept(new SegmentAnswer.Failed("cut off"));
        } else if (answer instanceof SegmentAnswer.Part part) {
            byte[] bytes = new byte[part.bytes().remaining()];
            part.bytes().get(bytes);
            SegmentAnswer arrived =
                    new SegmentAnswer.Part(part.segment(), part.position(), ByteBuffer.wrap(wire.apply(bytes)));
            answers.accept(back, arrived);
        } else {
            back.accept(answer);
        }
    }

    // ---- what must hold

    void committed(CopyNode node, long endIndex) {
        if (rewritten) {
            return;
        }
        for (Map.Entry<Long, ByteBuffer> entry :
                node.entries().headMap(endIndex).entrySet()) {
            ByteBuffer known = committed.putIfAbsent(entry.getKey(), entry.getValue());
            assertTrue(
                    known == null || known.equals(entry.getValue()),
                    "another entry " + entry.getKey() + " is committed on node " + node.number);
        }
    }

    /** All that are up have the same log, with everything that was ever committed. */
    void assertAllEqual() {
        TreeMap<Long, ByteBuffer> expected = leader().entries();
        assertTrue(committed.tailMap(leader().log().startIndex()).equals(expected), "the leader lacks something");
        for (CopyNode node : nodes) {
            if (node.isUp()) {
                assertNull(node.halted);
                assertTrue(node.log().startIndex() <= expected.lastKey());
                long from = Math.max(node.log().startIndex(), leader().log().startIndex());
                assertTrue(expected.tailMap(from).equals(node.entries().tailMap(from)), "node " + node.number);
                assertEquals(leader().log().endIndex(), node.replica().commit(), "node " + node.number);
                assertEquals(node.log().endIndex(), node.log().durableIndex());
            }
        }
    }
}
