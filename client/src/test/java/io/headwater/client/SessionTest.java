package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.headwater.client.fake.SimulatedLink;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.GetTopics;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

@NullUnmarked
class SessionTest {
    private static final long SECOND = 1_000_000_000;

    private final SimulatedLoop loop = new SimulatedLoop();
    private final SimulatedLink link = new SimulatedLink(loop, new SplittableRandom(1));
    private final Cluster cluster = new Cluster(
            Endpoint.parseAll("broker:1"),
            endpoint -> link,
            loop,
            new SplittableRandom(2),
            ClientSettings.of("broker:1", "test", 9 * SECOND, 10 * SECOND));

    private static final class Outcome implements ReplyHandler {
        MessageLite reply;
        HeadwaterException failure;

        @Override
        public void replied(MessageLite message) {
            assertNull(reply);
            assertNull(failure);
            reply = message;
        }

        @Override
        public void failed(HeadwaterException why) {
            assertNull(reply);
            assertNull(failure);
            failure = why;
        }

        boolean isDone() {
            return reply != null || failure != null;
        }
    }

    private static class Listener implements SessionListener {
        int connections;
        int losses;

        @Override
        public void ready(Session session) {
            connections++;
        }

        @Override
        public void lost(Session session) {
            losses++;
        }

        @Override
        public void pushed(Session session, Frame frame) {}

        @Override
        public void moved() {}

        @Override
        public void writable(Session session) {}

        @Override
        public void tick(long nowNs) {}
    }

    private Session session() {
        return cluster.session(Endpoint.parse("broker:1"));
    }

    private Outcome ask(FrameType type, Call.Repeat repeat) {
        Outcome outcome = new Outcome();
        MessageLite request =
                type == FrameType.GET_TOPICS ? GetTopics.getDefaultInstance() : DeleteTopic.getDefaultInstance();
        cluster.call(type, request, repeat, outcome);
        return outcome;
    }

    private List<FrameType> sentTypes() {
        List<FrameType> types = new ArrayList<>();
        link.sent.forEach(frame -> types.add(frame.type()));
        return types;
    }

    @Test
    void shakesHandsBeforeAnythingElse() {
        Outcome topics = ask(FrameType.GET_TOPICS, Call.Repeat.READ);
        loop.runUntil(topics::isDone, SECOND);
        assertNull(topics.failure);
        assertEquals(List.of(FrameType.HELLO, FrameType.GET_TOPICS), sentTypes());
    }

    @Test
    void asksAgainWhatOnlyReadsAndReportsWhatMayHaveHappened() {
        loop.runUntil(ask(FrameType.GET_TOPICS, Call.Repeat.READ)::isDone, SECOND);
        Outcome read = ask(FrameType.GET_TOPICS, Call.Repeat.READ);
        Outcome change = ask(FrameType.DELETE_TOPIC, Call.Repeat.NEVER);
        link.drop();
        loop.runUntil(() -> read.isDone() && change.isDone(), 5 * SECOND);
        assertNull(read.failure);
        assertInstanceOf(HeadwaterException.OutcomeUnknown.class, change.failure);
    }

    @Test
    void saysAtOnceThatItNeverReachedTheBroker() {
        link.unreachableChance = 100;
        Outcome topics = ask(FrameType.GET_TOPICS, Call.Repeat.READ);
        loop.runUntil(topics::isDone, SECOND);
        assertInstanceOf(HeadwaterException.Retriable.class, topics.failure);
        assertEquals("UNREACHABLE", topics.failure.code());
        assertTrue(topics.failure.getMessage().contains("broker:1"), topics.failure.getMessage());
    }

    @Test
    void waitsForABrokerThatItKnowsAndGivesUpInTime() {
        loop.runUntil(ask(FrameType.GET_TOPICS, Call.Repeat.READ)::isDone, SECOND);
        link.unreachableChance = 100;
        link.drop();
        loop.runFor(SECOND / 100);
        long before = loop.nowNs();
        Outcome topics = ask(FrameType.GET_TOPICS, Call.Repeat.READ);
        loop.runUntil(topics::isDone, 60 * SECOND);
        assertInstanceOf(HeadwaterException.Retriable.class, topics.failure);
        assertTrue(loop.nowNs() - before >= 9 * SECOND);
        assertTrue(loop.nowNs() - before < 10 * SECOND);
    }

    @Test
    void backsOffFromABrokerThatIsGone() {
        loop.runUntil(ask(FrameType.GET_TOPICS, Call.Repeat.READ)::isDone, SECOND);
        link.unreachableChance = 100;
        link.drop();
        for (int i = 0; i < 10; i++) {
            ask(FrameType.GET_TOPICS, Call.Repeat.READ);
            loop.runFor(8 * SECOND);
        }
        assertTrue(link.attempts > 40, link.attempts + " attempts in 80 s");
        assertTrue(link.attempts < 100, link.attempts + " attempts in 80 s");
    }

    @Test
    void givesUpAConnectionThatDoesNotAnswer() {
        loop.runUntil(ask(FrameType.GET_TOPICS, Call.Repeat.READ)::isDone, SECOND);
        link.fallSilent();
        Outcome change = ask(FrameType.DELETE_TOPIC, Call.Repeat.NEVER);
        long before = loop.nowNs();
        loop.runUntil(change::isDone, 60 * SECOND);
        assertInstanceOf(HeadwaterException.OutcomeUnknown.class, change.failure);
        assertTrue(loop.nowNs() - before < 4 * SECOND, "a third of the timeout");
    }

    /** The time until the listener has heard of the loss, and of the next connection. */
    private long reconnectedAfterNs(Listener listener) {
        int losses = listener.losses;
        long beforeNs = loop.nowNs();
        loop.runUntil(() -> listener.losses > losses, 60 * SECOND);
        long lostNs = loop.nowNs();
        loop.runUntil(() -> listener.connections > listener.losses, SECOND);
        return lostNs - beforeNs;
    }

    @Test
    void noticesAConnectionThatIsGoneWithoutAResetWhileItOnlyWaits() {
        Listener listener = new Listener();
        cluster.add(listener);
        loop.runUntil(() -> listener.connections > 0, SECOND);
        session().openSubscription();
        link.fallSilent();
        long silentNs = reconnectedAfterNs(listener);
        // Ten seconds until it asks, and three, a third of the timeout, for the answer.
        assertTrue(silentNs >= 13 * SECOND - SECOND / 10, silentNs + " ns");
        assertTrue(silentNs < 14 * SECOND, silentNs + " ns");
        assertEquals(
                1, sentTypes().stream().filter(FrameType.UNSUBSCRIBE::equals).count());
        // And the next one, which was quiet and alive before.
        session().openSubscription();
        loop.runFor(35 * SECOND);
        assertEquals(
                4, sentTypes().stream().filter(FrameType.UNSUBSCRIBE::equals).count());
        assertEquals(1, listener.losses);
        link.fallSilent();
        assertTrue(reconnectedAfterNs(listener) < 14 * SECOND);
    }

    @Test
    void waitsForALongDeliveryWhoseBytesComeSlowly() {
        Listener listener = new Listener();
        cluster.add(listener);
        loop.runUntil(() -> listener.connections > 0, SECOND);
        session().openSubscription();
        link.fallSilent();
        loop.runFor(11 * SECOND);
        assertEquals(List.of(FrameType.HELLO, FrameType.UNSUBSCRIBE), sentTypes());
        // The answer stands behind a frame that takes a minute.
        for (int i = 0; i < 30; i++) {
            session().heard();
            loop.runFor(2 * SECOND);
        }
        assertEquals(0, listener.losses);
        // Then that ends too.
        assertTrue(reconnectedAfterNs(listener) < 4 * SECOND);
    }

    @Test
    void asksForNoSignOfLifeWhileThereIsOneOrNothingIsWaitedFor() {
        Listener listener = new Listener();
        cluster.add(listener);
        loop.runUntil(() -> listener.connections > 0, SECOND);
        loop.runFor(60 * SECOND);
        int id = session().openSubscription();
        Deliver deliver = Deliver.newBuilder().setSubscriptionId(id).build();
        for (int i = 0; i < 10; i++) {
            link.push(Frame.push(FrameType.DELIVER, deliver, Unpooled.EMPTY_BUFFER));
            loop.runFor(9 * SECOND);
        }
        session().closeSubscription(id);
        loop.runFor(60 * SECOND);
        assertEquals(List.of(FrameType.HELLO), sentTypes());
        assertEquals(0, listener.losses);
    }

    @Test
    void keepsWhatAListenerAskedWhenItsFlushBreaksTheConnection() {
        List<Outcome> asked = new ArrayList<>();
        cluster.add(new Listener() {
            @Override
            public void ready(Session session) {
                if (asked.isEmpty()) {
                    asked.add(ask(FrameType.GET_TOPICS, Call.Repeat.READ));
                }
            }
        });
        // The first flush is that of the HELLO.
        link.flushesUntilBroken = 2;
        loop.runUntil(() -> !asked.isEmpty() && asked.get(0).isDone(), 5 * SECOND);
        assertNull(asked.get(0).failure);
        assertEquals(
                List.of(FrameType.HELLO, FrameType.GET_TOPICS, FrameType.HELLO, FrameType.GET_TOPICS), sentTypes());
    }

    @Test
    void failsWhatIsOpenWhenItCloses() {
        Outcome topics = ask(FrameType.GET_TOPICS, Call.Repeat.READ);
        cluster.close();
        assertEquals("CLOSED", topics.failure.code());
        assertEquals(
                "CLOSED", ask(FrameType.GET_TOPICS, Call.Repeat.READ).failure.code());
    }
}
