package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakePartition;
import io.headwater.client.fake.SimulatedLink;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.Compression;
import io.headwater.record.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/**
 * A producer, a network that misbehaves and a broker, all in one thread and in simulated time. Whatever happens: what
 * was acknowledged is stored once, at the offset that was told; what failed definitely is not stored; what is unknown is
 * stored at most once; and all of it in the order of sending.
 */
@NullUnmarked
class ProducerSimulationTest {
    private static final long SECOND = 1_000_000_000;
    private static final ErrorCode DISK_FULL = ErrorCode.ERROR_DISK_FULL;
    private static final ErrorCode NONE = ErrorCode.ERROR_NONE;

    private static final class Run implements Sender.RouteRefresh {
        final SplittableRandom random;
        final SimulatedLoop loop = new SimulatedLoop();
        final SimulatedLink link;
        final List<FakePartition> partitions = new ArrayList<>();
        final List<PartitionQueue> queues = new ArrayList<>();
        final ProducerLedger ledger = new ProducerLedger(2);
        final MemoryBudget budget = new MemoryBudget(1L << 30);
        final StringBuilder trace = new StringBuilder();

        Run(SplittableRandom random) {
            this(
                    random,
                    new ProducerSettings(
                            1024,
                            random.nextInt(3) == 0 ? 2_000_000 : 0,
                            random.nextInt(4) == 0 ? Compression.LZ4 : Compression.NONE,
                            1L << 30,
                            random.nextInt(1, 8)));
        }

        Run(SplittableRandom random, ProducerSettings settings) {
            this.random = random;
            this.link = new SimulatedLink(loop, random.split());
            Cluster cluster = new Cluster(
                    Endpoint.parseAll("sim:1"),
                    endpoint -> link,
                    loop,
                    random.split(),
                    ClientSettings.of("sim:1", "sim", 2 * SECOND, SECOND));
            Sender sender = new Sender(cluster, budget, this);
            for (int i = 0; i < 2; i++) {
                partitions.add(link.addPartition(i));
                queues.add(new PartitionQueue(
                        "t", i, i, new ProducerIdentity(1_000, (short) 0), settings, budget, sender));
                sender.add(queues.get(i));
            }
            cluster.add(sender);
        }

        @Override
        public void forget(String topic) {
            throw new AssertionError("the simulated broker forgets no topic");
        }

        @Override
        public void tick(long nowNs) {
            // Topics do not grow here.
        }

        /** One record, in a batch of its own. */
        CompletableFuture<Producer.Acknowledgement> sendLarge(int at) {
            return ledger.send(queues.get(at), at, 1100);
        }

        long produceFramesSent() {
            return framesSent(FrameType.PRODUCE);
        }

        long framesSent(FrameType type) {
            return link.sent.stream().filter(sent -> sent.type() == type).count();
        }

        ProducerIdentity identity() {
            return queues.get(0).identity;
        }

        /** The connection breaks when everything has been sent and nothing of it read. */
        void loseUnread() {
            loop.runUntil(() -> produceFramesSent() == 1, SECOND);
            link.stopReading();
            link.drop();
        }

        /** Two batches: the first is refused, and of the second a copy is read when both are settled. */
        void sendBehindARefusal() {
            CompletableFuture<Producer.Acknowledgement> refused = sendLarge(0);
            loop.runUntil(() -> produceFramesSent() == 1, SECOND);
            CompletableFuture<Producer.Acknowledgement> behind = sendLarge(0);
            loop.runUntil(() -> link.framesRead == 1, SECOND);
            link.stopReading();
            loop.runUntil(refused::isDone, SECOND);
            link.drop();
            loop.runUntil(behind::isDone, SECOND);
            link.readOn();
        }

        void go(int records) {
            for (int i = 0; i < records; i++) {
                int at = random.nextInt(2);
                ledger.send(queues.get(at), at, random.nextInt(120));
                if (random.nextInt(20) == 0) {
                    loop.runFor(random.nextLong(5_000_000));
                }
            }
            ledger.futures().forEach(future -> loop.runUntil(future::isDone, 600 * SECOND));
            // Whatever still lies in a buffer is read.
            loop.runFor(SimulatedLink.LONGEST_UNREAD_NS + SECOND);
        }

        void check() throws Exception {
            trace.append(ledger.check(partitions));
            assertEquals(0, budget.usedBytes());
        }
    }

    private static String run(SplittableRandom random) throws Exception {
        Run run = new Run(random);
        run.link.dropChance = random.nextInt(3) * 8;
        run.link.refuseChance = random.nextInt(3) * 10;
        run.link.rejectChance = random.nextInt(3) * 5;
        run.link.silenceChance = random.nextInt(4) == 0 ? 10 : 0;
        run.link.unreachableChance = random.nextInt(3) * 30;
        run.link.stragglerChance = random.nextInt(3) * 40;
        run.link.readOnChance = random.nextInt(3) * 10;
        run.link.forgetChance = random.nextInt(4) == 0 ? 3 : 0;
        run.go(400);
        run.check();
        return run.trace.toString();
    }

    @Test
    void keepsItsPromisesOverAnyNetwork() {
        StringBuilder all = new StringBuilder();
        Seeds.run(300, random -> all.append(run(random)));
        // The network was bad enough that every outcome was seen.
        for (char outcome : "ADUF".toCharArray()) {
            assertTrue(all.indexOf(String.valueOf(outcome)) >= 0, "never seen: " + outcome);
        }
    }

    private static Run calm(int maxInFlight) {
        return new Run(new SplittableRandom(1), new ProducerSettings(1024, 0, Compression.NONE, 1L << 30, maxInFlight));
    }

    private static void assertFailed(
            Class<? extends HeadwaterException> how, CompletableFuture<Producer.Acknowledgement> future) {
        assertTrue(future.isDone());
        assertInstanceOf(how, future.handle((ok, why) -> why).join());
    }

    @Test
    void whatWaitsBehindAFrameThatFailedLeavesWithoutBeingPushed() throws Exception {
        Run run = calm(1);
        run.link.framesToFail = 1;

        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> last = run.sendLarge(0);
        run.loop.runUntil(last::isDone, SECOND);

        assertFailed(HeadwaterException.Rejected.class, first);
        assertEquals(1, last.join().offset());
        run.check();
    }

    @Test
    void copiesInALostConnectionAreNotStoredBehindWhatFollowsThem() throws Exception {
        Run run = calm(5);
        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> second = run.sendLarge(0);
        run.loseUnread();
        run.link.verdicts.addAll(List.of(DISK_FULL, DISK_FULL));
        run.loop.runUntil(() -> first.isDone() && second.isDone(), SECOND);

        CompletableFuture<Producer.Acknowledgement> third = run.sendLarge(0);
        run.loop.runUntil(third::isDone, SECOND);
        run.link.readOn();

        assertFailed(HeadwaterException.OutcomeUnknown.class, first);
        assertFailed(HeadwaterException.OutcomeUnknown.class, second);
        assertEquals(0, third.join().offset());
        assertEquals(1, run.partitions.get(0).entries.size());
        run.check();
    }

    @Test
    void whatMayYetBeStoredByACopyIsNotSentUnderAnotherEpoch() throws Exception {
        Run run = calm(5);
        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> second = run.sendLarge(0);
        run.loseUnread();
        run.link.verdicts.add(DISK_FULL);
        // The first is refused now and the second is out of order; then the copies of both are read after all.
        run.loop.runUntil(() -> run.link.framesRead == 1, SECOND);
        run.link.readOn();
        CompletableFuture<Producer.Acknowledgement> third = run.sendLarge(0);
        run.loop.runUntil(third::isDone, SECOND);

        assertFailed(HeadwaterException.OutcomeUnknown.class, first);
        assertFailed(HeadwaterException.OutcomeUnknown.class, second);
        assertEquals(2, third.join().offset());
        run.check();
    }

    @Test
    void closesAGapInANewEpochWhereACopyWouldFitBehindIt() throws Exception {
        Run run = calm(5);
        run.link.verdicts.add(DISK_FULL);
        run.sendBehindARefusal();

        assertFailed(HeadwaterException.Retriable.class, run.ledger.sent(0).get(0));
        assertEquals(0, run.ledger.sent(0).get(1).join().offset());
        run.check();
    }

    @Test
    void isSureOfWhatMovedUp() throws Exception {
        Run run = calm(5);
        run.link.verdicts.addAll(List.of(DISK_FULL, DISK_FULL));
        run.sendBehindARefusal();

        assertFailed(HeadwaterException.Retriable.class, run.ledger.sent(0).get(0));
        assertFailed(HeadwaterException.Retriable.class, run.ledger.sent(0).get(1));
        run.check();
    }

    @Test
    void settlesWhatLiesBeforeAGapBeforeItClosesTheGap() throws Exception {
        Run run = calm(5);
        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> second = run.sendLarge(0);
        run.loseUnread();
        CompletableFuture<Producer.Acknowledgement> refused = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> last = run.sendLarge(0);
        // The second is out of order, and waits for the first.
        run.link.verdicts.addAll(List.of(ErrorCode.ERROR_OVERLOADED, NONE, DISK_FULL));
        run.loop.runUntil(last::isDone, SECOND);
        run.link.readOn();

        assertEquals(0, first.join().offset());
        assertEquals(1, second.join().offset());
        assertFailed(HeadwaterException.Retriable.class, refused);
        assertEquals(2, last.join().offset());
        run.check();
    }

    @Test
    void closesOneGapForAllThatFailedTogether() throws Exception {
        Run run = calm(5);
        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> second = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> third = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> last = run.sendLarge(0);
        run.link.verdicts.addAll(List.of(DISK_FULL, NONE, DISK_FULL));
        run.loop.runUntil(last::isDone, SECOND);

        assertFailed(HeadwaterException.Retriable.class, first);
        assertEquals(0, second.join().offset());
        assertFailed(HeadwaterException.Retriable.class, third);
        assertEquals(1, last.join().offset());
        assertEquals(2, run.produceFramesSent());
        assertEquals(0, run.identity().epoch(), "nothing was lost on the way");
        run.check();
    }

    @Test
    void goesOnUnderANewIdWhereTheBrokerForgotTheOldOne() throws Exception {
        Run run = calm(5);
        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        run.loop.runUntil(first::isDone, SECOND);
        run.partitions.get(0).forgetProducers();
        CompletableFuture<Producer.Acknowledgement> second = run.sendLarge(0);
        CompletableFuture<Producer.Acknowledgement> refused = run.sendLarge(0);
        run.link.verdicts.addAll(List.of(NONE, DISK_FULL));
        run.loop.runUntil(() -> run.framesSent(FrameType.INIT_PRODUCER) == 1, SECOND);
        run.link.framesToFail = 1;
        run.loop.runUntil(second::isDone, SECOND);

        assertEquals(1, second.join().offset());
        assertFailed(HeadwaterException.Retriable.class, refused);
        assertEquals(2, run.framesSent(FrameType.INIT_PRODUCER), "the first was refused");
        assertEquals(3, run.produceFramesSent());
        run.check();
    }

    @Test
    void takesANewIdAfterTheLastEpoch() throws Exception {
        Run run = calm(5);
        run.queues.get(0).identity = new ProducerIdentity(1_000, Short.MAX_VALUE);
        CompletableFuture<Producer.Acknowledgement> first = run.sendLarge(0);
        run.loseUnread();
        run.link.verdicts.add(DISK_FULL);
        run.loop.runUntil(first::isDone, SECOND);
        CompletableFuture<Producer.Acknowledgement> second = run.sendLarge(0);
        run.loop.runUntil(second::isDone, SECOND);

        assertFailed(HeadwaterException.OutcomeUnknown.class, first);
        assertEquals(0, second.join().offset());
        assertEquals(1, run.framesSent(FrameType.INIT_PRODUCER));
        run.check();
    }

    @Test
    void doesTheSameAgainWithTheSameSeed() throws Exception {
        for (long seed = 0; seed < 10; seed++) {
            assertEquals(run(new SplittableRandom(seed)), run(new SplittableRandom(seed)));
        }
    }
}
