package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.observe.PeerFigures;
import io.headwater.broker.peer.wire.Done;
import io.headwater.broker.peer.wire.Join;
import io.headwater.broker.peer.wire.Joined;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.record.testing.Seeds;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What brokers may rely on when they talk to each other. */
@Timeout(60)
class NettyPeersTest {
    private static final PeerMessage DONE =
            PeerMessage.newBuilder().setDone(Done.getDefaultInstance()).build();
    private static final PeerMessage JOIN =
            PeerMessage.newBuilder().setJoin(Join.newBuilder().setRack("r")).build();

    private TestNode one;
    private TestNode two;

    @BeforeEach
    void starts() throws IOException {
        one = TestNode.of(1);
        two = TestNode.of(2);
        one.knows(2, two);
        two.knows(1, one);
    }

    @AfterEach
    void stops() {
        one.close();
        two.close();
    }

    @Test
    void whatIsSentArrivesInOrderAndWhole() {
        Seeds.run(5, random -> {
            List<byte[]> sent = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                byte[] bytes = new byte[random.nextInt(10) == 0 ? random.nextInt(300_000) : random.nextInt(3) * 50];
                random.nextBytes(bytes);
                sent.add(bytes);
                int cut = random.nextInt(bytes.length + 1);
                ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length - cut);
                direct.put(bytes, cut, bytes.length - cut).flip();
                ByteBuffer first = ByteBuffer.wrap(bytes, 0, cut);
                one.peers.send(2, TestNode.numbered(i), List.of(first, direct));
                assertEquals(cut, first.remaining(), "the sender's buffers are left as they are");
                // Copied before send returned.
                for (int at = 0; at < direct.capacity(); at++) {
                    direct.put(at, (byte) 0);
                }
            }
            for (int i = 0; i < sent.size(); i++) {
                TestNode.Heard heard = two.next();
                assertEquals(1, heard.node());
                assertEquals(i, heard.number());
                byte[] attachment = new byte[heard.attachment().remaining()];
                heard.attachment().get(attachment);
                assertArrayEquals(sent.get(i), attachment);
            }
        });
        two.hearsNothingMore();
        assertTrue(one.ended.isEmpty());
    }

    @Test
    void manyThreadsSendEachInItsOrder() throws Exception {
        int each = 5_000;
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            long first = (long) t * each;
            threads.add(new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    one.send(2, first + i);
                }
            }));
        }
        threads.forEach(Thread::start);
        long[] next = {0, each, 2L * each, 3L * each};
        for (int i = 0; i < 4 * each; i++) {
            long number = two.next().number();
            assertEquals(next[(int) (number / each)]++, number);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void questionsAreAnsweredInBothDirections() throws Exception {
        two.answers =
                (node, question) -> TestNode.numbered(question.getHeartbeat().getAppliedIndex() + node);
        one.answers = two.answers;
        for (int i = 0; i < 100; i++) {
            assertEquals(i + 1, one.ask(2, TestNode.numbered(i)).getHeartbeat().getAppliedIndex());
            assertEquals(i + 2, two.ask(1, TestNode.numbered(i)).getHeartbeat().getAppliedIndex());
        }
    }

    private static IOException failure(java.util.concurrent.CompletionStage<PeerMessage> answer) {
        ExecutionException failure = assertThrows(
                ExecutionException.class, () -> answer.toCompletableFuture().get(20, TimeUnit.SECONDS));
        return assertInstanceOf(IOException.class, failure.getCause());
    }

    private static void says(String expected, IOException failure) {
        assertTrue(String.valueOf(failure.getMessage()).contains(expected), failure.toString());
    }

    @Test
    void aQuestionWithoutAnAnswerFails() throws Exception {
        says("within 50 ms", failure(one.peers.ask(2, DONE, List.of(), 50)));
        two.answers = (node, question) ->
                PeerMessage.newBuilder().setFailure("not today").build();
        says("not today", failure(one.peers.ask(2, DONE, List.of(), 10_000)));
        says("not known", failure(one.peers.ask(3, DONE, List.of(), 10_000)));
        two.answers = (node, question) -> null;
        var waiting = one.peers.ask(2, DONE, List.of(), 30_000);
        assertEquals(1, roundTrip());
        two.close();
        says("node 2", failure(waiting));
        one.awaitEnd(TestNode.Ended::refused);
        IOException last = failure(one.peers.ask(2, DONE, List.of(), 30_000));
        says("node 2", last);
        // While it is dialled nobody can say; between two attempts nothing is sent.
        for (int i = 0; i < 10_000 && !(last instanceof ConnectException); i++) {
            last = failure(one.peers.ask(2, DONE, List.of(), 30_000));
        }
        assertInstanceOf(ConnectException.class, last);
        says("node 2: it cannot be reached", last);
    }

    @Test
    void questionsThatWaitFailWhenTheNetworkIsClosed() throws Exception {
        var beside = one.peers.ask(two.endpoint(), DONE, 60_000);
        var direct = one.peers.ask(2, DONE, List.of(), 60_000);
        var own = one.peers.ask(1, DONE, List.of(), 60_000);
        assertEquals(1, roundTrip());
        one.peers.close();
        says("stops", failure(beside));
        says("node 2", failure(direct));
        says("stops", failure(own));
        says("stops", failure(one.peers.ask(two.endpoint(), DONE, 60_000)));
        one.send(2, 1);
        two.hearsNothingMore();
    }

    /** Whatever was sent before has arrived. */
    private long roundTrip() throws InterruptedException {
        one.send(2, 1);
        return two.next().number();
    }

    @Test
    void anAnswerThatIsTooLargeIsAFailure() {
        two.answers = (node, question) -> PeerMessage.newBuilder()
                .setFailure("x".repeat(TestNode.MAX_FRAME_BYTES + NettyPeers.FRAME_OVERHEAD_BYTES))
                .build();
        says("too large", failure(one.peers.ask(2, DONE, List.of(), 10_000)));
    }

    @Test
    void whatIsTooLargeIsTheCallersMistake() throws Exception {
        List<ByteBuffer> tooLarge =
                List.of(ByteBuffer.allocate(TestNode.MAX_FRAME_BYTES), ByteBuffer.allocate(1 << 20));
        assertThrows(IllegalArgumentException.class, () -> one.peers.send(2, DONE, tooLarge));
        one.peers.send(2, TestNode.numbered(5), List.of(ByteBuffer.allocate(TestNode.MAX_FRAME_BYTES)));
        assertEquals(TestNode.MAX_FRAME_BYTES, two.next().attachment().remaining());
    }

    @Test
    void aNodeTalksToItselfInOrderAndLater() throws Exception {
        one.answers = (node, question) -> TestNode.numbered(-node);
        for (int i = 0; i < 1_000; i++) {
            one.peers.send(1, TestNode.numbered(i), List.of(ByteBuffer.allocate(i)));
        }
        for (int i = 0; i < 1_000; i++) {
            TestNode.Heard heard = one.next();
            assertEquals(i, heard.number());
            assertEquals(i, heard.attachment().remaining());
        }
        assertEquals(-1, one.ask(1, DONE).getHeartbeat().getAppliedIndex());
        one.answers = (node, question) -> null;
        says("within 10 ms", failure(one.peers.ask(1, DONE, List.of(), 10)));
    }

    @Test
    void aNodeThatIsNoMemberMayOnlyAskToJoin() throws Exception {
        two.answers = (node, question) -> PeerMessage.newBuilder()
                .setJoined(Joined.newBuilder().setNodeId(7 + node))
                .build();
        try (TestNode joiner = new TestNode(0, Optional.empty(), "new", directory -> 0)) {
            PeerMessage joined = joiner.peers
                    .ask(two.endpoint(), JOIN, 10_000)
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            assertEquals(7, joined.getJoined().getNodeId());
            says("closed", failure(joiner.peers.ask(two.endpoint(), DONE, 10_000)));
            // It has nobody to send to, and nobody is heard by it.
            joiner.knows(2, two);
            joiner.send(2, 1);
            two.knows(3, joiner);
            two.send(3, 1);
            assertEquals(new TestNode.Ended(3, false), two.nextEnd());
            says("no member of a cluster yet", failure(two.peers.ask(joiner.endpoint(), DONE, 10_000)));

            joiner.peers.identity(TestNode.CLUSTER, 3);
            assertThrows(IllegalArgumentException.class, () -> joiner.peers.identity("other", 3));
            joiner.send(2, 2);
            two.hears(3, 2);
            two.answers = (node, question) -> DONE;
            assertTrue(joiner.ask(2, DONE).hasDone());
        }
        two.hearsNothingMore();
    }

    @Test
    void aMemberMayAskAnybodyBesideItsConnection() throws Exception {
        two.answers = (node, question) -> TestNode.numbered(node);
        assertEquals(1, roundTrip());
        for (int i = 0; i < 20; i++) {
            PeerMessage answer = one.peers
                    .ask(two.endpoint(), DONE, 10_000)
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            assertEquals(1, answer.getHeartbeat().getAppliedIndex());
        }
        assertEquals(1, roundTrip());
        assertTrue(one.ended.isEmpty(), "the connection that was there is left alone");
    }

    @Test
    void strangersAreToldWhyTheyAreRefused() throws Exception {
        try (TestNode stranger = new TestNode(0, Optional.empty(), "d9", directory -> 0);
                TestNode picky = new TestNode(0, Optional.empty(), "d3", directory -> directory.equals("d1") ? 5 : 0)) {
            stranger.peers.identity("elsewhere", 9);
            says("cluster: elsewhere", failure(stranger.peers.ask(two.endpoint(), JOIN, 10_000)));
            stranger.knows(2, two);
            says("cluster: elsewhere", failure(stranger.peers.ask(2, DONE, List.of(), 10_000)));
            assertFalse(stranger.nextEnd().refused());

            picky.peers.identity(TestNode.CLUSTER, 3);
            one.knows(3, picky);
            says("node: 1 (expected: 5", failure(one.peers.ask(3, DONE, List.of(), 10_000)));
            one.knows(4, two);
            says("wanted node: 4", failure(one.peers.ask(4, DONE, List.of(), 10_000)));
            one.peers.know(6, one.endpoint());
            says("wanted node: 6", failure(one.peers.ask(6, DONE, List.of(), 10_000)));
        }
        try (RawPeer raw = RawPeer.to(two)) {
            raw.say(RawPeer.hello(3).toBuilder().setVersion(2).build());
            assertEquals("version: 2 (expected: 1)", raw.welcome().getRefused());
            raw.awaitClosed();
        }
        try (RawPeer raw = RawPeer.to(two)) {
            raw.say(RawPeer.hello(2));
            assertTrue(raw.welcome().getRefused().startsWith("node: 2"));
        }
        two.hearsNothingMore();
    }

    @Test
    void whoWelcomesUsAsSomebodyElseIsLeft() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            one.peers.know(3, new HostPort("127.0.0.1", server.getLocalPort()));
            var answer = one.peers.ask(3, DONE, List.of(), 10_000);
            try (RawPeer raw = new RawPeer(server.accept())) {
                raw.frame();
                raw.say(new PeerIdentity(TestNode.CLUSTER, 4, "d").welcome());
                says("node: 4 (expected: 3)", failure(answer));
                raw.awaitClosed();
            }
        }
    }

    private static void closesAndIsMissed(TestNode gone, TestNode by) {
        long before = System.nanoTime();
        gone.peers.close();
        try {
            by.awaitEnd(TestNode.Ended::refused);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        long tookMs = (System.nanoTime() - before) / 1_000_000;
        assertTrue(tookMs < 200, tookMs + " ms");
    }

    @Test
    void theDeathOfAProcessIsSeenAtOnce() throws Exception {
        for (int run = 0; run < 5; run++) {
            try (TestNode third = TestNode.of(3)) {
                one.peers.forget(3);
                one.knows(3, third);
                one.send(3, run);
                third.hears(1, run);
                closesAndIsMissed(third, one);
            }
            one.ended.clear();
        }
        assertEquals(1, roundTrip());
        assertNull(one.ended.poll(1, TimeUnit.SECONDS), "a connection at rest stays");
        closesAndIsMissed(two, one);
        assertNull(one.ended.poll(1, TimeUnit.SECONDS), "nobody asks for it any more");
    }

    @Test
    void whoKeepsSendingGetsThroughWhenTheOtherIsBack() throws Exception {
        assertEquals(1, roundTrip());
        int port = two.peers.port();
        two.close();
        one.awaitEnd(TestNode.Ended::refused);
        one.send(2, 2);
        one.awaitEnd(TestNode.Ended::refused);
        two = new TestNode(port, Optional.empty(), "d2", directory -> 0);
        two.peers.identity(TestNode.CLUSTER, 2);
        one.ended.clear();
        while (two.heard.isEmpty()) {
            one.send(2, 3);
            Thread.onSpinWait();
        }
        two.hears(1, 3);
        assertEquals(new TestNode.Ended(2, false), one.nextEnd(), "what was sent in between was lost");
    }

    private static PeerFigures figures(TestNode of) {
        return of.peers.figures().get(0);
    }

    @Test
    void connectionsAndBytesAreCountedForBothDirections() throws Exception {
        assertEquals(List.of(new PeerFigures(2, false, 0, 0, 0, 0)), one.peers.figures());
        two.answers = (node, question) -> TestNode.numbered(1);
        ByteBuffer much = ByteBuffer.allocate(100_000);
        one.peers.send(2, TestNode.numbered(7), List.of(much));
        two.hears(1, 7);
        assertEquals(1, one.ask(2, TestNode.numbered(8)).getHeartbeat().getAppliedIndex());

        PeerFigures here = figures(one);
        assertEquals(new PeerFigures(2, true, 1, here.sentBytes(), here.receivedBytes(), 0), here);
        assertTrue(here.sentBytes() >= 100_000 && here.sentBytes() < 110_000, here.toString());
        assertTrue(here.receivedBytes() > 0 && here.receivedBytes() < 1_000, here.toString());
        PeerFigures there = figures(two);
        assertFalse(there.connected(), "the connection is the other's");
        assertTrue(there.receivedBytes() >= 100_000 && there.receivedBytes() < 110_000, there.toString());
        assertTrue(there.sentBytes() > 0 && there.sentBytes() < 1_000, there.toString());

        two.close();
        one.awaitEnd(TestNode.Ended::refused);
        assertFalse(figures(one).connected());
        two = TestNode.of(2);
        one.knows(2, two);
        while (two.heard.isEmpty()) {
            one.send(2, 9);
            one.ended.poll(20, TimeUnit.MILLISECONDS);
        }
        assertTrue(figures(one).connected());
        assertEquals(2, figures(one).connections());
        assertTrue(figures(one).sentBytes() > here.sentBytes(), "it goes on from what was");

        one.peers.forget(2);
        assertEquals(List.of(), one.peers.figures());
    }

    @Test
    void aNodeThatMovesIsFoundAndOneThatIsForgottenIsNot() throws Exception {
        assertEquals(1, roundTrip());
        try (TestNode again = new TestNode(0, Optional.empty(), "d2", directory -> 0)) {
            again.peers.identity(TestNode.CLUSTER, 2);
            one.knows(2, again);
            assertEquals(new TestNode.Ended(2, false), one.nextEnd());
            while (again.heard.isEmpty()) {
                one.send(2, 3);
                Thread.onSpinWait();
            }
            one.peers.forget(2);
            says("not known", failure(one.peers.ask(2, DONE, List.of(), 10_000)));
        }
    }

    @Test
    void aSecondConnectionOfANodeTakesThePlaceOfTheFirst() throws Exception {
        try (RawPeer first = RawPeer.to(two).say(RawPeer.hello(3))) {
            assertEquals("", first.welcome().getRefused());
            first.say(TestNode.numbered(1));
            two.hears(3, 1);
            try (RawPeer second = RawPeer.to(two).say(RawPeer.hello(3))) {
                assertEquals("", second.welcome().getRefused());
                first.awaitClosed();
                second.say(TestNode.numbered(2));
                two.hears(3, 2);
            }
        }
    }
}
