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
import io.headwater.protocol.wire.GetTopics;
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
    private final Session session =
            new Session(link, loop, new SplittableRandom(2), ClientSettings.of("broker:1", "test", 9 * SECOND));

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

    private Outcome ask(FrameType type, Call.Repeat repeat) {
        Outcome outcome = new Outcome();
        MessageLite request =
                type == FrameType.GET_TOPICS ? GetTopics.getDefaultInstance() : DeleteTopic.getDefaultInstance();
        session.call(type, request, repeat, outcome);
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

    @Test
    void keepsWhatAListenerAskedWhenItsFlushBreaksTheConnection() {
        List<Outcome> asked = new ArrayList<>();
        session.add(new SessionListener() {
            @Override
            public void ready() {
                if (asked.isEmpty()) {
                    asked.add(ask(FrameType.GET_TOPICS, Call.Repeat.READ));
                }
            }

            @Override
            public void lost() {}

            @Override
            public void pushed(Frame frame) {}

            @Override
            public void writable() {}

            @Override
            public void tick(long nowNs) {}
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
        session.close();
        assertEquals("CLOSED", topics.failure.code());
        assertEquals(
                "CLOSED", ask(FrameType.GET_TOPICS, Call.Repeat.READ).failure.code());
    }
}
