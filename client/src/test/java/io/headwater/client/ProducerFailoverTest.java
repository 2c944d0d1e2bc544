package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.SimulatedCluster;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.Compression;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Single steps of a producer from one leader to the next. Each record is a batch of its own. */
@NullUnmarked
class ProducerFailoverTest implements Sender.RouteRefresh {
    private static final long SECOND = 1_000_000_000;

    private final SimulatedLoop loop = new SimulatedLoop();
    private final SimulatedCluster brokers = new SimulatedCluster(loop, new SplittableRandom(7), 3, 1);
    private final Cluster cluster = new Cluster(
            Endpoint.parseAll(brokers.servers()),
            endpoint -> brokers.link(endpoint.host()),
            loop,
            new SplittableRandom(8),
            ClientSettings.of(brokers.servers(), "test", 60 * SECOND, 10 * SECOND));
    private final MemoryBudget budget = new MemoryBudget(1L << 30);
    private final ProducerLedger ledger = new ProducerLedger(1);
    private Sender sender;
    private PartitionQueue queue;
    private int first;
    private int next;

    @BeforeEach
    void start() {
        brokers.stalenessNs = 0;
        brokers.electionNs = SECOND / 100;
        ProducerSettings settings = new ProducerSettings(1024, 0, Compression.NONE, 1L << 30, 5);
        sender = new Sender(cluster, budget, this);
        queue = new PartitionQueue("t", 0, 1, new ProducerIdentity(1_000, (short) 0), settings, budget, sender);
        sender.add(queue);
        cluster.add(sender);
        await(send(), SECOND);
        first = brokers.leader(0);
        next = first % brokers.size() + 1;
    }

    @Override
    public void forget(String topic) {
        throw new AssertionError("the simulated brokers forget no topic");
    }

    @Override
    public void tick(long nowNs) {
        // Topics do not grow here.
    }

    private CompletableFuture<Producer.Acknowledgement> send() {
        return ledger.send(queue, 0, 1100);
    }

    private void await(CompletableFuture<?> future, long limitNs) {
        loop.runUntil(future::isDone, limitNs);
    }

    @Test
    void goesToTheNewLeaderInOrderThoughTheOldOneSaysNothing() throws Exception {
        brokers.hang(first, 30 * SECOND);
        for (int i = 0; i < 3; i++) {
            send();
        }
        loop.runFor(SECOND / 10);
        brokers.elect(0, next);
        long electedNs = loop.nowNs();
        // It knows who leads now, and has no answer yet to what it sent before.
        Session old = cluster.session(Endpoint.parse("node" + first + ":1"));
        loop.runUntil(() -> !cluster.mayLead(old, 1), 5 * SECOND);
        CompletableFuture<Producer.Acknowledgement> last = send();
        // Long before a request counts as lost, which is after 20 s.
        await(last, 5 * SECOND);
        assertTrue(loop.nowNs() - electedNs < 3 * SECOND, "after " + (loop.nowNs() - electedNs) + " ns");
        for (int i = 0; i < 20; i++) {
            await(send(), SECOND / 10);
        }
        // What the old one has in its buffer is judged, and its answers come.
        loop.runFor(60 * SECOND);
        assertEquals("A".repeat(25), ledger.check(brokers.logs()).replace('D', 'A'));
        assertEquals(0, brokers.outOfOrder, "a batch came before one that was sent earlier");
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void looksForTheNewLeaderAlsoWhenAllIsOnItsWayToTheOldOne() throws Exception {
        brokers.hang(first, 60 * SECOND);
        CompletableFuture<Producer.Acknowledgement> last = send();
        for (int i = 0; i < 10; i++) {
            last = send();
        }
        loop.runFor(SECOND / 10);
        brokers.electionNs = 20 * SECOND;
        brokers.elect(0, next);
        loop.runUntil(() -> cluster.trouble(1).startsWith("no leader"), 2 * SECOND);
        loop.runUntil(() -> brokers.leader(0) == next, 20 * SECOND);
        long electedNs = loop.nowNs();
        // Long before a request counts as lost, which is after 20 s.
        await(last, 5 * SECOND);
        assertTrue(loop.nowNs() - electedNs < 2 * SECOND, "after " + (loop.nowNs() - electedNs) + " ns");
        loop.runFor(60 * SECOND);
        ledger.check(brokers.logs());
    }

    @Test
    void sendsNothingToTheNewLeaderBeforeTheOldOneHasAnswered() throws Exception {
        CompletableFuture<Producer.Acknowledgement> before = send();
        loop.runUntil(() -> brokers.logs().get(0).entries.size() == 2, SECOND);
        // Both are ready for it, and the first answer is late.
        brokers.hang(first, SECOND / 5);
        brokers.elect(0, next);
        CompletableFuture<Producer.Acknowledgement> behind = send();
        await(behind, 5 * SECOND);
        assertTrue(before.isDone());
        loop.runFor(10 * SECOND);
        ledger.check(brokers.logs());
        assertEquals(0, brokers.outOfOrder, "a batch came before one that was sent earlier");
    }

    @Test
    void whatTheOldLeaderMayHaveStoredIsNotCalledDefinite() throws Exception {
        CompletableFuture<Producer.Acknowledgement> stored = send();
        loop.runUntil(() -> brokers.logs().get(0).entries.size() == 2, SECOND);
        brokers.hang(first, 30 * SECOND);
        loop.runFor(SECOND / 10);
        brokers.verdicts.add(ErrorCode.ERROR_DISK_FULL);
        brokers.elect(0, next);
        await(stored, 10 * SECOND);
        assertInstanceOf(
                HeadwaterException.OutcomeUnknown.class,
                stored.handle((ok, why) -> why).join());
        assertEquals(2, brokers.logs().get(0).entries.size());
        loop.runFor(60 * SECOND);
        ledger.check(brokers.logs());
    }

    @Test
    void saysThatThereIsNoLeaderWhenItsTimeIsUp() {
        brokers.electionNs = 10_000 * SECOND;
        brokers.elect(0, next);
        CompletableFuture<Producer.Acknowledgement> lost = send();
        await(lost, 70 * SECOND);
        Throwable why = lost.handle((ok, failure) -> failure).join();
        assertInstanceOf(HeadwaterException.Retriable.class, why);
        assertTrue(why.getMessage().matches(".*no leader for t-0 since \\d+ s"), why.getMessage());
    }

    @Test
    void isNotedOnceThoughTheMemoryIsFullAndThereIsNoLeader() throws Exception {
        brokers.electionNs = 10_000 * SECOND;
        brokers.elect(0, next);
        CompletableFuture<Producer.Acknowledgement> lost = send();
        Thread waiter = new Thread(() -> {
            try {
                budget.reserve(1 << 30, 600 * SECOND);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        waiter.start();
        while (!budget.isWanted()) {
            Thread.onSpinWait();
        }
        // 1,000 ticks.
        loop.runFor(50 * SECOND);
        assertEquals(1, sender.blockedQueues());
        await(lost, 20 * SECOND);
        waiter.join();
    }
}
