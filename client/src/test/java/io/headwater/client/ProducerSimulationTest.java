package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakePartition;
import io.headwater.client.fake.SimulatedLink;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.FrameType;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    private static final class Run implements Sender.RouteRefresh {
        final SplittableRandom random;
        final SimulatedLoop loop = new SimulatedLoop();
        final SimulatedLink link;
        final List<FakePartition> partitions = new ArrayList<>();
        final List<PartitionQueue> queues = new ArrayList<>();
        final List<List<CompletableFuture<Producer.Acknowledgement>>> sent = new ArrayList<>();
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
            Session session = new Session(link, loop, random.split(), ClientSettings.of("sim:1", "sim", 2 * SECOND));
            Sender sender = new Sender(session, budget, this);
            for (int i = 0; i < 2; i++) {
                partitions.add(link.addPartition(i));
                queues.add(new PartitionQueue(
                        "t", i, i, new ProducerIdentity(1_000, (short) 0), settings, budget, sender));
                sender.add(queues.get(i));
                sent.add(new ArrayList<>());
            }
            session.add(sender);
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
            String value = at + ":" + sent.get(at).size() + ":" + "x".repeat(700);
            CompletableFuture<Producer.Acknowledgement> future =
                    queues.get(at).append(ProducerRecord.ofUtf8("t", null, value), 1, 0);
            sent.get(at).add(future);
            return future;
        }

        long produceFramesSent() {
            return link.sent.stream()
                    .filter(sent -> sent.type() == FrameType.PRODUCE)
                    .count();
        }

        /** The connection breaks when everything has been sent and nothing of it read. */
        void loseUnread() {
            loop.runUntil(() -> produceFramesSent() == 1, SECOND);
            link.stopReading();
            link.drop();
        }

        void go(int records) {
            for (int i = 0; i < records; i++) {
                int at = random.nextInt(2);
                String value = at + ":" + sent.get(at).size() + ":" + "x".repeat(random.nextInt(120));
                sent.get(at).add(queues.get(at).append(ProducerRecord.ofUtf8("t", null, value), 1, 0));
                if (random.nextInt(20) == 0) {
                    loop.runFor(random.nextLong(5_000_000));
                }
            }
            sent.forEach(futures -> futures.forEach(future -> loop.runUntil(future::isDone, 600 * SECOND)));
            // Whatever still lies in a buffer is read.
            loop.runFor(SimulatedLink.LONGEST_UNREAD_NS + SECOND);
        }

        void check() throws Exception {
            for (int p = 0; p < 2; p++) {
                Map<Integer, Long> stored = stored(p);
                for (int i = 0; i < sent.get(p).size(); i++) {
                    CompletableFuture<Producer.Acknowledgement> future =
                            sent.get(p).get(i);
                    Long offset = stored.get(i);
                    if (!future.isCompletedExceptionally()) {
                        assertNotNull(offset, "acknowledged and not stored: " + p + ":" + i);
                        assertEquals(offset, future.join().offset());
                        trace.append(future.join().duplicate() ? 'D' : 'A');
                    } else {
                        HeadwaterException why =
                                (HeadwaterException) future.handle((ok, e) -> e).join();
                        boolean unknown = why instanceof HeadwaterException.OutcomeUnknown;
                        assertTrue(unknown || offset == null, "failed definitely and stored: " + p + ":" + i);
                        trace.append(unknown ? 'U' : 'F');
                    }
                }
            }
            assertEquals(0, budget.usedBytes());
        }

        /** Number → offset; fails on disorder and repetition. */
        private Map<Integer, Long> stored(int p) throws Exception {
            Map<Integer, Long> stored = new HashMap<>();
            int last = -1;
            for (FakePartition.Entry entry : partitions.get(p).entries) {
                RecordCursor cursor = new RecordBatch()
                        .wrap(ByteBuffer.wrap(entry.bytes()), Envelope.SIZE)
                        .records();
                while (cursor.next()) {
                    String[] value = new String(cursor.value(), java.nio.charset.StandardCharsets.UTF_8).split(":");
                    assertEquals(p, Integer.parseInt(value[0]));
                    int number = Integer.parseInt(value[1]);
                    assertFalse(stored.containsKey(number), "stored twice: " + p + ":" + number);
                    assertTrue(number > last, "out of order: " + p + ":" + number + " after " + last);
                    last = number;
                    stored.put(number, cursor.offset());
                }
            }
            return stored;
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
        run.link.batchesToReject = 2;
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
        run.link.batchesToReject = 1;
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
        run.link.batchesToReject = 1;
        CompletableFuture<Producer.Acknowledgement> refused = run.sendLarge(0);
        run.loop.runUntil(() -> run.produceFramesSent() == 1, SECOND);
        CompletableFuture<Producer.Acknowledgement> behind = run.sendLarge(0);
        run.loop.runUntil(() -> run.link.framesRead == 1, SECOND);
        run.link.stopReading();
        run.loop.runUntil(refused::isDone, SECOND);
        run.link.drop();
        run.loop.runUntil(behind::isDone, SECOND);
        run.link.readOn();

        assertFailed(HeadwaterException.Retriable.class, refused);
        assertEquals(0, behind.join().offset());
        run.check();
    }

    @Test
    void doesTheSameAgainWithTheSameSeed() throws Exception {
        for (long seed = 0; seed < 10; seed++) {
            assertEquals(run(new SplittableRandom(seed)), run(new SplittableRandom(seed)));
        }
    }
}
