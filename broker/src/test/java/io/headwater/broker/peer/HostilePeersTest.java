package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.record.testing.Seeds;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Other ends that break the rules, stall or vanish. Whatever they do, two that behave go on talking. */
@Timeout(60)
class HostilePeersTest {
    private TestNode one;
    private TestNode two;

    @BeforeEach
    void starts() throws Exception {
        one = TestNode.of(1);
        two = TestNode.of(2);
        one.knows(2, two);
        one.send(2, 1);
        two.hears(1, 1);
    }

    @AfterEach
    void theOthersHaveNotNoticed() throws Exception {
        one.send(2, 2);
        two.hears(1, 2);
        two.hearsNothingMore();
        assertTrue(one.ended.stream().noneMatch(end -> end.node() == 2));
        one.close();
        two.close();
    }

    private RawPeer member(int node) throws IOException {
        RawPeer raw = RawPeer.to(two).say(RawPeer.hello(node));
        assertEquals("", raw.welcome().getRefused());
        return raw;
    }

    private static void closedAfter(RawPeer raw, byte[] bytes) throws IOException {
        try (raw) {
            raw.out.write(bytes);
            raw.awaitClosed();
        }
    }

    private static byte[] bytes(int... ints) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ints.length);
        for (int each : ints) {
            bytes.putInt(each);
        }
        return bytes.array();
    }

    @Test
    void whatBreaksTheRulesClosesItsConnection() throws Exception {
        for (byte[] garbage : List.of(
                "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                bytes(-1),
                bytes(0),
                bytes(3, 0),
                bytes(Integer.MAX_VALUE, 0),
                bytes(8, 5, 0),
                bytes(8, -1, 0),
                bytes(8, 4, 0x7fffffff))) {
            closedAfter(RawPeer.to(two), garbage);
            closedAfter(member(3), garbage);
        }
        // Larger than a hello may be, and than any frame may be.
        closedAfter(RawPeer.to(two), bytes(8 * 1024 - 3));
        closedAfter(member(3), bytes(TestNode.MAX_FRAME_BYTES + NettyPeers.FRAME_OVERHEAD_BYTES - 3));
    }

    @Test
    void messagesOutOfPlaceCloseTheirConnection() throws Exception {
        PeerMessage answer = PeerMessage.newBuilder().setCall(1).setAnswer(true).build();
        closedAfter(member(3).say(answer), new byte[0]);
        closedAfter(member(3).say(TestNode.numbered(-1)), new byte[0]);
        try (RawPeer raw = RawPeer.to(two)) {
            raw.say(RawPeer.hello(3).toBuilder().setAside(true).build());
            raw.welcome();
            closedAfter(raw.say(TestNode.numbered(1)), new byte[0]);
        }
        try (RawPeer joiner = RawPeer.to(two)) {
            joiner.say(new PeerIdentity("", 0, "d").hello(0, false));
            assertTrue(joiner.welcome().getRefused().contains("may only ask to join"));
        }
        try (RawPeer joiner = RawPeer.to(two)) {
            joiner.say(new PeerIdentity("", 0, "d").hello(0, true));
            joiner.welcome();
            closedAfter(joiner.say(TestNode.numbered(4)), new byte[0]);
        }
        // Said before the welcome, it may come or not, but does no harm.
        try (RawPeer hasty = RawPeer.to(two)) {
            hasty.say(new PeerIdentity("elsewhere", 3, "d").hello(0, false)).say(TestNode.numbered(4));
            hasty.awaitClosed();
        }
    }

    @Test
    void randomBytesDoNoHarm() {
        Seeds.run(100, random -> {
            byte[] garbage = new byte[random.nextInt(20_000)];
            random.nextBytes(garbage);
            if (garbage.length > 8 && random.nextBoolean()) {
                ByteBuffer.wrap(garbage).putInt(garbage.length - 4).putInt(random.nextInt(garbage.length));
            }
            try (RawPeer raw = random.nextBoolean() ? member(3) : RawPeer.to(two)) {
                raw.out.write(garbage);
                raw.socket.shutdownOutput();
                raw.awaitClosed();
            } catch (SocketException e) {
                // Closed while it was still being written.
            }
        });
    }

    @Test
    void halfAFrameIsNothing() throws Exception {
        byte[] message = TestNode.numbered(7).toByteArray();
        ByteBuffer frame = ByteBuffer.allocate(8 + message.length + 1000)
                .putInt(4 + message.length + 1000)
                .putInt(message.length)
                .put(message);
        for (int cut = 1; cut < frame.capacity(); cut += 97) {
            try (RawPeer raw = member(3)) {
                raw.out.write(frame.array(), 0, cut);
            }
        }
        try (RawPeer raw = member(3)) {
            for (byte each : frame.array()) {
                raw.out.write(each);
                raw.out.flush();
            }
            TestNode.Heard heard = two.next();
            assertEquals(7, heard.number());
            assertEquals(1000, heard.attachment().remaining());
        }
    }

    @Test
    void aLengthThatIsOnlyClaimedTakesNoMemory() throws Exception {
        List<RawPeer> claimants = new ArrayList<>();
        long before = used();
        for (int i = 0; i < 50; i++) {
            RawPeer raw = member(100 + i);
            raw.out.write(bytes(TestNode.MAX_FRAME_BYTES, 0, 0));
            claimants.add(raw);
        }
        one.send(2, 5);
        two.hears(1, 5);
        assertTrue(used() - before < 50L * TestNode.MAX_FRAME_BYTES / 4, used() - before + " bytes");
        for (RawPeer raw : claimants) {
            raw.close();
        }
    }

    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        System.gc();
        return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory()
                + runtime.totalMemory()
                - runtime.freeMemory();
    }

    @Test
    void whoSaysNothingIsGivenUp() throws Exception {
        long before = System.nanoTime();
        try (RawPeer mute = RawPeer.to(two);
                RawPeer member = member(3);
                RawPeer alive = member(4);
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            one.peers.know(3, new HostPort("127.0.0.1", server.getLocalPort()));
            one.send(3, 1);
            try (RawPeer stalled = new RawPeer(server.accept())) {
                stalled.frame();
                stalled.say(new PeerIdentity(TestNode.CLUSTER, 3, "d").welcome());
                assertEquals(1, stalled.message().getHeartbeat().getAppliedIndex());
                // One lives, and shows it; the others stay silent.
                while (one.ended.isEmpty()) {
                    alive.say(PeerMessage.getDefaultInstance());
                    assertEquals(0, alive.frame().length);
                }
                assertEquals(new TestNode.Ended(3, false), one.nextEnd());
                long tookMs = (System.nanoTime() - before) / 1_000_000;
                assertTrue(tookMs >= 3_500 && tookMs < 6_000, tookMs + " ms");
            }
            member.awaitClosed();
            mute.awaitClosed();
            alive.say(TestNode.numbered(8));
            two.hears(4, 8);
        }
    }

    @Test
    void whoReadsTooSlowlyIsToldOfTheGapAndTakesNoMoreMemoryThanIsAllowed() throws Exception {
        byte[] megabyte = new byte[1 << 20];
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            one.peers.know(3, new HostPort("127.0.0.1", server.getLocalPort()));
            one.send(3, 0);
            try (RawPeer slow = new RawPeer(server.accept())) {
                slow.frame();
                slow.say(new PeerIdentity(TestNode.CLUSTER, 3, "d").welcome());
                long before = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
                int sent = 0;
                while (sent < 200) {
                    sent++;
                    one.peers.send(3, TestNode.numbered(sent), List.of(ByteBuffer.wrap(megabyte)));
                }
                long taken = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() - before;
                // The pool takes 4 MiB at a time, in which three of these frames have room, for each of its arenas.
                assertTrue(taken < 2 * NettyPeers.MAX_QUEUED_BYTES, taken + " bytes");
                assertNull(one.ended.poll(), "there is no room yet to send it again");

                assertEquals(0, slow.message().getHeartbeat().getAppliedIndex());
                long last = 0;
                while (one.ended.isEmpty()) {
                    long next = slow.message().getHeartbeat().getAppliedIndex();
                    assertEquals(last + 1, next);
                    last = next;
                }
                assertEquals(new TestNode.Ended(3, false), one.nextEnd());
                one.send(3, 1_000);
                long next = slow.message().getHeartbeat().getAppliedIndex();
                while (next == last + 1) {
                    last = next;
                    next = slow.message().getHeartbeat().getAppliedIndex();
                }
                assertEquals(1_000, next);
                assertTrue(last < 60, "the gap is one: " + last);
                assertNull(one.ended.poll());
            }
        }
        one.awaitEnd(TestNode.Ended::refused);
        one.ended.clear();
    }

    /** Cuts connections, now and then, wherever they are. */
    private static final class Cutter implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final int target;
        private volatile Socket[] current = {};

        Cutter(int target) throws IOException {
            this.target = target;
            Thread thread = new Thread(this::accept, "cutter");
            thread.setDaemon(true);
            thread.start();
        }

        private void accept() {
            try {
                while (true) {
                    Socket from = server.accept();
                    Socket to = new Socket("127.0.0.1", target);
                    current = new Socket[] {from, to};
                    pump(from, to);
                    pump(to, from);
                }
            } catch (IOException e) {
                cut();
            }
        }

        private static void pump(Socket from, Socket to) {
            Thread thread = new Thread(
                    () -> {
                        try (from;
                                to) {
                            from.getInputStream().transferTo(to.getOutputStream());
                        } catch (IOException e) {
                            // Cut.
                        }
                    },
                    "cutter-pump");
            thread.setDaemon(true);
            thread.start();
        }

        void cut() {
            for (Socket socket : current) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
            cut();
        }
    }

    @Test
    void nothingComesTwiceOrOutOfOrderOverConnectionsThatEnd() throws Exception {
        try (TestNode three = TestNode.of(3);
                Cutter cutter = new Cutter(three.peers.port())) {
            one.peers.know(3, new HostPort("127.0.0.1", cutter.server.getLocalPort()));
            long number = 0;
            long last = 0;
            int cuts = 0;
            long gaps = 0;
            while (cuts < 12) {
                for (int i = 0; i < 50; i++) {
                    one.peers.send(3, TestNode.numbered(++number), List.of(ByteBuffer.allocate(2_000)));
                }
                // All that was sent arrives, or it is told that some of it may not have.
                TestNode.Heard heard = three.heard.poll(1, TimeUnit.MILLISECONDS);
                while (heard != null) {
                    assertTrue(heard.number() > last, heard.number() + " after " + last);
                    if (heard.number() > last + 1) {
                        gaps++;
                    }
                    last = heard.number();
                    if (last > 400L * (cuts + 1)) {
                        cuts++;
                        cutter.cut();
                    }
                    heard = three.heard.poll();
                }
            }
            assertTrue(gaps > 0, "nothing was lost, so nothing was tested");
            assertTrue(one.ended.size() >= gaps, one.ended.size() + " times told of " + gaps + " gaps");
            one.peers.forget(3);
        }
        one.ended.clear();
    }
}
