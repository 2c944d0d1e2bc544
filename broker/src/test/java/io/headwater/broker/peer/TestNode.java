package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.net.EventLoops;
import io.headwater.broker.peer.wire.Heartbeat;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A node with a real network of its own, that keeps what it hears. */
final class TestNode implements PeerHandler, AutoCloseable {
    static final String CLUSTER = "cluster";
    static final int MAX_FRAME_BYTES = 4 << 20;
    private static final long WAIT_SECONDS = 20;

    record Heard(int node, PeerMessage message, ByteBuffer attachment) {
        long number() {
            return message.getHeartbeat().getAppliedIndex();
        }
    }

    record Ended(int node, boolean refused) {}

    final EventLoops loops = new EventLoops(2);
    final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
    final BlockingQueue<Ended> ended = new LinkedBlockingQueue<>();
    final NettyPeers peers;
    /** What it answers; null: nothing. */
    volatile BiFunction<Integer, PeerMessage, @Nullable PeerMessage> answers = (node, question) -> null;

    TestNode(int listenPort, Optional<PeerTls> tls, String directory, ToIntFunction<String> owners) throws IOException {
        this.peers = NettyPeers.bind(
                loops,
                new NettyPeers.Settings(new HostPort("127.0.0.1", listenPort), MAX_FRAME_BYTES, tls, directory, owners),
                this);
    }

    /** A member. */
    static TestNode of(int node) throws IOException {
        return of(node, Optional.empty());
    }

    static TestNode of(int node, Optional<PeerTls> tls) throws IOException {
        TestNode member = new TestNode(0, tls, "d" + node, directory -> 0);
        member.peers.identity(CLUSTER, node);
        return member;
    }

    HostPort endpoint() {
        return new HostPort("127.0.0.1", peers.port());
    }

    void knows(int node, TestNode other) {
        peers.know(node, other.endpoint());
    }

    static PeerMessage numbered(long number) {
        return PeerMessage.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder().setAppliedIndex(number))
                .build();
    }

    void send(int node, long number) {
        peers.send(node, numbered(number), List.of());
    }

    PeerMessage ask(int node, PeerMessage question) throws Exception {
        return peers.ask(node, question, List.of(), 10_000)
                .toCompletableFuture()
                .get(WAIT_SECONDS, TimeUnit.SECONDS);
    }

    Heard next() throws InterruptedException {
        Heard next = heard.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertNotNull(next, "nothing was heard");
        return next;
    }

    Ended nextEnd() throws InterruptedException {
        Ended next = ended.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertNotNull(next, "nothing ended");
        return next;
    }

    void awaitEnd(Predicate<Ended> which) throws InterruptedException {
        while (!which.test(nextEnd())) {
            Thread.onSpinWait();
        }
    }

    void hears(int node, long number) throws InterruptedException {
        Heard next = next();
        assertEquals(node, next.node());
        assertEquals(number, next.number());
    }

    void hearsNothingMore() {
        assertNull(heard.poll());
    }

    @Override
    public void received(int node, PeerMessage message, ByteBuffer attachment) {
        if (message.getHeartbeat().getAppliedIndex() < 0) {
            throw new BadPeerMessageException("number: below 0 (expected: more)");
        }
        heard.add(new Heard(node, message, attachment));
    }

    @Override
    public void asked(int node, PeerMessage question, ByteBuffer attachment, Consumer<PeerMessage> answer) {
        PeerMessage said = answers.apply(node, question);
        if (said != null) {
            answer.accept(said);
        }
    }

    @Override
    public void disconnected(int node, boolean refused) {
        ended.add(new Ended(node, refused));
    }

    @Override
    public void close() {
        peers.close();
        loops.close();
    }
}
