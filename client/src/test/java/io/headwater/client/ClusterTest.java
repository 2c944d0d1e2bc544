package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.headwater.client.fake.SimulatedCluster;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.record.testing.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** Who is asked, how often, and what is said when nobody can be. */
@NullUnmarked
class ClusterTest {
    private static final long SECOND = 1_000_000_000;

    private static final class Run {
        final SimulatedLoop loop = new SimulatedLoop();
        final SplittableRandom random;
        final SimulatedCluster brokers;
        final Cluster cluster;

        Run(SplittableRandom random) {
            this(random, 3);
        }

        Run(SplittableRandom random, int nodes) {
            this.random = random;
            this.brokers = new SimulatedCluster(loop, random.split(), nodes, 3);
            this.cluster = new Cluster(
                    Endpoint.parseAll(brokers.servers()),
                    endpoint -> brokers.link(endpoint.host()),
                    loop,
                    random.split(),
                    ClientSettings.of(brokers.servers(), "test", 9 * SECOND, 10 * SECOND));
        }

        /** Who is asked what any can be, and says nothing of itself any more: it has something to answer, and never does. */
        Session fallSilent() {
            await(ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
            Session home = cluster.any();
            home.sendOnce(FrameType.CREDIT, Credit.getDefaultInstance(), List.of(), new Outcome());
            loop.runUntil(home::isSilent, 2 * SECOND);
            return home;
        }

        /** How long it takes until some broker has answered. */
        long answeredNs() {
            long startNs = loop.nowNs();
            Outcome id = ask(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance(), Call.Repeat.READ);
            await(id);
            assertTrue(id.reply != null, () -> String.valueOf(id.failure));
            return loop.nowNs() - startNs;
        }

        void crashAllBut(int node) {
            for (int other = 1; other <= brokers.size(); other++) {
                if (other != node) {
                    brokers.crash(other, 1_000 * SECOND);
                }
            }
        }

        Outcome find(int index) {
            FindOffset find = FindOffset.newBuilder()
                    .setPartitionId(index + 1)
                    .setAnchor(Anchor.ANCHOR_END)
                    .build();
            return ask(FrameType.FIND_OFFSET, find, Call.Repeat.READ);
        }

        void await(Outcome outcome) {
            loop.runUntil(outcome::isDone, 60 * SECOND);
        }

        Outcome ask(FrameType type, MessageLite request, Call.Repeat repeat) {
            Outcome outcome = new Outcome();
            cluster.call(type, request, repeat, outcome);
            return outcome;
        }
    }

    private final Run only = new Run(new SplittableRandom(1));
    private final SimulatedLoop loop = only.loop;
    private final SimulatedCluster brokers = only.brokers;
    private final Cluster cluster = only.cluster;

    private static final class Outcome implements ReplyHandler {
        MessageLite reply;
        HeadwaterException failure;

        @Override
        public void replied(MessageLite message) {
            reply = message;
        }

        @Override
        public void failed(HeadwaterException why) {
            failure = why;
        }

        boolean isDone() {
            return reply != null || failure != null;
        }
    }

    private Outcome find(int index) {
        return only.find(index);
    }

    private void await(Outcome outcome) {
        only.await(outcome);
    }

    private long sent(FrameType type) {
        long count = 0;
        for (int i = 1; i <= brokers.size(); i++) {
            count += brokers.node(i).link.sent.stream()
                    .filter(frame -> frame.type() == type)
                    .count();
        }
        return count;
    }

    @Test
    void goesWhereItIsToldAndKnowsItFromThenOn() {
        for (int p = 0; p < 3; p++) {
            await(find(p));
        }
        long before = sent(FrameType.FIND_OFFSET);
        for (int i = 0; i < 30; i++) {
            Outcome found = find(i % 3);
            await(found);
            assertTrue(found.failure == null, () -> String.valueOf(found.failure));
        }
        assertEquals(before + 30, sent(FrameType.FIND_OFFSET), "none went astray");
    }

    @Test
    void namesWhatIsInTheWayWhenItsTimeIsUp() {
        await(only.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
        brokers.electionNs = 10_000 * SECOND;
        brokers.stalenessNs = 0;
        brokers.elect(2);
        long beforeNs = loop.nowNs();
        Outcome found = find(2);
        await(found);
        assertInstanceOf(HeadwaterException.Retriable.class, found.failure);
        assertTrue(loop.nowNs() - beforeNs < 10 * SECOND, "it took longer than it may");
        assertTrue(found.failure.getMessage().matches(".*no leader for t-2 since [89] s"), found.failure.getMessage());
        // Asked for again and again, and not all the time.
        long refreshes = sent(FrameType.GET_TOPICS);
        assertTrue(refreshes > 10 && refreshes < 60, refreshes + " times GET_TOPICS in 9 s");
        long asked = sent(FrameType.FIND_OFFSET);
        assertTrue(asked < 5, asked + " times FIND_OFFSET, of nobody who could know");
    }

    @Test
    void asksAnotherWhereOneIsCutOffFromTheOthers() {
        for (int seed = 1; seed <= 30; seed++) {
            Run run = new Run(new SplittableRandom(seed));
            Outcome topics = run.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ);
            run.loop.runUntil(topics::isDone, 60 * SECOND);
            for (int node = 1; node <= run.brokers.size(); node++) {
                run.brokers.node(node).isCutOff = run.cluster.any().nodeId() == node;
            }
            long startNs = run.loop.nowNs();
            Outcome id = run.ask(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance(), Call.Repeat.READ);
            run.loop.runUntil(id::isDone, 60 * SECOND);
            assertTrue(id.reply != null, () -> String.valueOf(id.failure));
            assertTrue(run.loop.nowNs() - startNs < SECOND, "it waited for who could not help");
        }
    }

    @Test
    void saysSoWhereNobodyReachesTheOthers() {
        await(only.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
        for (int node = 1; node <= brokers.size(); node++) {
            brokers.node(node).isCutOff = true;
        }
        Outcome id = only.ask(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance(), Call.Repeat.READ);
        await(id);
        assertInstanceOf(HeadwaterException.Retriable.class, id.failure);
        assertEquals("METADATA_UNAVAILABLE", id.failure.code());
        assertTrue(sent(FrameType.INIT_PRODUCER) < 300, () -> sent(FrameType.INIT_PRODUCER) + " times in 9 s");
    }

    @Test
    void asksAnotherWhereOneSaysNothing() {
        Session home = only.fallSilent();
        assertTrue(only.answeredNs() < SECOND / 10, "it waited for who says nothing");
        assertTrue(cluster.any() != home);
    }

    @Test
    void asksWhoSaysNothingWhereNobodyElseCanBe() {
        Session home = only.fallSilent();
        only.crashAllBut(home.nodeId());
        loop.runUntil(() -> cluster.any() == home, 3 * SECOND);
        for (int i = 0; i < 3; i++) {
            assertTrue(only.answeredNs() < SECOND / 10, "others are looked for anew each time");
            loop.runUntil(home::isSilent, 2 * SECOND);
        }
    }

    @Test
    void looksForNobodyInAClusterOfOne() {
        Run run = new Run(new SplittableRandom(1), 1);
        run.fallSilent();
        assertTrue(run.answeredNs() < SECOND / 10, "it looked for others");
    }

    @Test
    void whatWaitedForWhoSaysSomethingAgainIsAskedAtOnce() {
        await(only.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
        Session home = cluster.any();
        only.crashAllBut(home.nodeId());
        only.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ);
        brokers.hang(home.nodeId(), 1_750_000_000);
        loop.runUntil(home::isSilent, 2 * SECOND);
        Outcome id = only.ask(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance(), Call.Repeat.READ);
        loop.runUntil(() -> !home.isSilent(), SECOND);
        assertTrue(!id.isDone(), "it was not waited for");
        long heardNs = loop.nowNs();
        await(id);
        assertTrue(loop.nowNs() - heardNs < SECOND / 100, "after " + (loop.nowNs() - heardNs) + " ns");
    }

    /** How long it takes until it is found: its leader crashes, another leads at once, and brokers hear so within 130 ms. */
    private static long failOverNs(Run run, int index) {
        int leader = run.brokers.leader(index);
        long startNs = run.loop.nowNs();
        run.brokers.electionNs = 1;
        run.brokers.stalenessNs = 130_000_000;
        run.brokers.crash(leader, 1_000 * SECOND);
        run.await(run.find(index));
        return run.loop.nowNs() - startNs;
    }

    /** All brokers are connected to, and who is asked what any can be does not lead the first partition. */
    private static void connectAll(Run run) {
        run.await(run.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
        Session home = run.cluster.any();
        for (int node = 1; node <= run.brokers.size(); node++) {
            run.cluster.session(Endpoint.parse("node" + node + ":1")).connect();
        }
        run.brokers.electionNs = 1;
        run.brokers.stalenessNs = 0;
        run.brokers.elect(0, home.nodeId() % run.brokers.size() + 1);
        run.loop.runFor(SECOND / 10);
        run.await(run.find(0));
        assertTrue(run.cluster.any() == home);
    }

    @Test
    void aFailoverIsNotNoticedLaterForAStallLongAgo() {
        for (int seed = 1; seed <= 30; seed++) {
            Run run = new Run(new SplittableRandom(seed));
            connectAll(run);
            Outcome stalled = run.find(0);
            run.brokers.hang(run.brokers.leader(0), 8 * SECOND);
            run.await(stalled);
            run.loop.runFor(10 * SECOND);
            long tookNs = failOverNs(run, 0);
            assertTrue(tookNs < SECOND / 5, "seed " + seed + ": after " + tookNs + " ns");
        }
    }

    @Test
    void staysWithWhoItAsksInAnOrdinaryFailover() {
        for (int seed = 1; seed <= 30; seed++) {
            Run run = new Run(new SplittableRandom(seed));
            connectAll(run);
            Session home = run.cluster.any();
            failOverNs(run, 0);
            assertTrue(run.cluster.any() == home, "seed " + seed);
        }
    }

    @Test
    void sharesOneRefreshAmongAllThatWait() {
        await(only.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
        brokers.electionNs = 10_000 * SECOND;
        for (int p = 0; p < 3; p++) {
            brokers.elect(p);
        }
        List<Outcome> waiting = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            waiting.add(find(i % 3));
        }
        waiting.forEach(this::await);
        long refreshes = sent(FrameType.GET_TOPICS);
        assertTrue(refreshes < 60, refreshes + " times GET_TOPICS in 9 s");
    }

    @Test
    void closesSessionsThatNobodyNeeds() {
        await(only.ask(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ));
        for (int p = 0; p < 3; p++) {
            brokers.elect(p);
        }
        loop.runFor(2 * SECOND);
        for (int i = 0; i < 30; i++) {
            await(find(i % 3));
            brokers.elect(i % 3);
            loop.runFor(2 * SECOND);
        }
        assertTrue(sessions() > 1, "all partitions were led by one broker");
        loop.runFor(62 * SECOND);
        assertEquals(1, sessions());
        for (int p = 0; p < 3; p++) {
            Outcome found = find(p);
            await(found);
            assertTrue(found.failure == null, () -> String.valueOf(found.failure));
        }
    }

    private int sessions() {
        int count = 0;
        for (Session session : cluster.sessions()) {
            count += session.isReady() ? 1 : 0;
        }
        return count;
    }

    @Test
    void whatMayBeDoneOnceIsDoneAtMostOnceWhoeverIsController() {
        int[] outcomes = new int[3];
        Seeds.run(500, seeded -> {
            Run run = new Run(seeded);
            List<Outcome> asked = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                asked.add(run.ask(
                        FrameType.DELETE_TOPIC,
                        DeleteTopic.newBuilder().setName("topic-" + i).build(),
                        Call.Repeat.NEVER));
                run.loop.runFor(run.random.nextLong(SECOND / 5));
                int node = 1 + run.random.nextInt(3);
                int chance = run.random.nextInt(12);
                if (chance == 0) {
                    run.brokers.crash(node, run.random.nextLong(SECOND));
                } else if (chance == 1) {
                    run.brokers.hang(node, run.random.nextLong(SECOND));
                } else if (chance < 4) {
                    run.brokers.moveController();
                }
            }
            for (int i = 0; i < 60; i++) {
                Outcome outcome = asked.get(i);
                run.loop.runUntil(outcome::isDone, 60 * SECOND);
                int done = Collections.frequency(run.brokers.deleted, "topic-" + i);
                if (outcome.failure == null) {
                    assertEquals(1, done, "answered: topic-" + i);
                    outcomes[0]++;
                } else if (outcome.failure instanceof HeadwaterException.OutcomeUnknown) {
                    assertTrue(done <= 1, "done twice: topic-" + i);
                    outcomes[1]++;
                } else {
                    assertEquals(0, done, "failed definitely: topic-" + i + ": " + outcome.failure);
                    outcomes[2]++;
                }
            }
        });
        assertTrue(outcomes[0] > outcomes[1], outcomes[0] + " answered, " + outcomes[1] + " unknown");
        assertTrue(outcomes[1] > 0, "none was ever unknown");
    }
}
