package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.RaftCalls;
import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.AllocateProducerIds;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.net.EventLoops;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.RaftCall;
import io.headwater.storage.FileSystemDisk;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Voters that agree over real connections. */
@Timeout(60)
class PeerRaftCallsTest {
    private static final String CLUSTER = new UUID(7, 7).toString();
    private static final List<String> VOTERS = List.of("1-a", "2-b", "3-c");

    @TempDir
    Path directory = Path.of("set by JUnit");

    private static final Command ONE_ID = Command.newBuilder()
            .setAllocateProducerIds(AllocateProducerIds.newBuilder().setCount(1))
            .build();

    private final List<Voter> voters = new ArrayList<>();
    private long agreed;

    @AfterEach
    void stops() {
        voters.forEach(Voter::close);
    }

    /** One broker's side: a network, and the voter that talks over it. */
    private final class Voter implements PeerHandler, AutoCloseable {
        final int node;
        final Optional<PeerTls> tls;
        final EventLoops loops = new EventLoops(1);
        final Relay relay = new Relay();
        final PeerRaftCalls calls = new PeerRaftCalls(relay);
        NettyPeers peers;

        @Nullable
        RatisQuorum quorum;

        Voter(int node, Optional<PeerTls> tls) throws IOException {
            this.node = node;
            this.tls = tls;
            this.peers = open(0);
        }

        NettyPeers open(int port) throws IOException {
            NettyPeers opened = NettyPeers.bind(
                    loops,
                    new NettyPeers.Settings(new HostPort("127.0.0.1", port), 1 << 20, tls, "d" + node, each -> 0),
                    this);
            opened.identity(CLUSTER, node);
            relay.to = opened;
            return opened;
        }

        void knowsAll() {
            voters.forEach(other -> peers.know(other.node, new HostPort("127.0.0.1", other.peers.port())));
        }

        RatisQuorum quorum() {
            RatisQuorum running = quorum;
            assertNotNull(running);
            return running;
        }

        @Override
        public void received(int from, PeerMessage message, ByteBuffer attachment) {
            throw new AssertionError("voters only ask");
        }

        @Override
        public void asked(int from, PeerMessage question, ByteBuffer attachment, Consumer<PeerMessage> answer) {
            calls.asked(question, answer);
        }

        @Override
        public void disconnected(int from, boolean refused) {
            // Ratis tries again by itself.
        }

        @Override
        public void close() {
            if (quorum != null) {
                quorum.close();
            }
            calls.close();
            peers.close();
            loops.close();
        }
    }

    /** The network of a broker, which may be closed and opened again in a test. */
    private static final class Relay implements Peers {
        volatile @Nullable Peers to;

        private Peers now() {
            Peers peers = to;
            assertNotNull(peers);
            return peers;
        }

        @Override
        public void know(int node, HostPort endpoint) {
            now().know(node, endpoint);
        }

        @Override
        public void forget(int node) {
            now().forget(node);
        }

        @Override
        public void send(int node, PeerMessage message, List<ByteBuffer> attachment) {
            now().send(node, message, attachment);
        }

        @Override
        public CompletableFuture<PeerMessage> ask(
                int node, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
            return now().ask(node, question, attachment, timeoutMs).toCompletableFuture();
        }

        @Override
        public CompletableFuture<PeerMessage> ask(HostPort endpoint, PeerMessage question, long timeoutMs) {
            return now().ask(endpoint, question, timeoutMs).toCompletableFuture();
        }
    }

    private void start(Optional<PeerTls> tls) throws IOException {
        for (int node = 1; node <= 3; node++) {
            voters.add(new Voter(node, tls));
        }
        voters.forEach(Voter::knowsAll);
        for (Voter voter : voters) {
            String self = VOTERS.get(voter.node - 1);
            voter.quorum = RatisQuorum.create(
                    new FileSystemDisk(),
                    directory.resolve(self),
                    new RatisQuorum.Membership(CLUSTER, self, VOTERS),
                    voter.calls,
                    () -> {});
        }
    }

    private void turnUntil(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            voters.forEach(voter -> voter.quorum().doWork());
            Thread.onSpinWait();
        }
    }

    private Voter leaderAmong(List<Voter> some) {
        turnUntil(() -> some.stream().anyMatch(voter -> voter.quorum().isLeader()));
        return some.stream()
                .filter(voter -> voter.quorum().isLeader())
                .findFirst()
                .orElseThrow();
    }

    /** One thing more, which all of them know then. */
    private void agree(List<Voter> some) {
        CompletableFuture<Outcome> outcome =
                leaderAmong(some).quorum().propose(ONE_ID).toCompletableFuture();
        turnUntil(outcome::isDone);
        assertInstanceOf(Outcome.Committed.class, outcome.join());
        agreed++;
        turnUntil(() -> some.stream().allMatch(voter -> known(voter) == agreed));
    }

    private static long known(Voter voter) {
        return voter.quorum().image().nextProducerId()
                - MetadataImage.empty(CLUSTER).nextProducerId();
    }

    private void electCommitCutAndHeal(Optional<PeerTls> tls) throws IOException {
        start(tls);
        for (int i = 0; i < 20; i++) {
            agree(voters);
        }

        Voter cut = leaderAmong(voters);
        int port = cut.peers.port();
        cut.peers.close();
        CompletableFuture<Outcome> lost = cut.quorum().propose(ONE_ID).toCompletableFuture();
        List<Voter> two = voters.stream().filter(voter -> voter != cut).toList();
        turnUntil(() -> two.stream().anyMatch(voter -> voter.quorum().isLeader()));
        agree(two);
        turnUntil(lost::isDone);
        assertTrue(lost.isCompletedExceptionally(), "nobody else has it");
        assertEquals(agreed - 1, known(cut));

        cut.peers = cut.open(port);
        cut.knowsAll();
        turnUntil(() -> known(cut) == agreed);
        agree(voters);
    }

    @Test
    @Timeout(60)
    void threeVotersAgreeAndTwoGoOnWhenTheNetworkOfTheirLeaderIsGone() throws IOException {
        electCommitCutAndHeal(Optional.empty());
    }

    @Test
    @Timeout(60)
    void theyAgreeOverEncryptedConnections() throws IOException {
        electCommitCutAndHeal(PeerTlsTest.tls("broker"));
    }

    private static void fails(String expected, RaftCalls calls, String voter) {
        IOException failure =
                assertThrows(IOException.class, () -> calls.call(voter, RaftCalls.Call.APPEND_ENTRIES, new byte[1]));
        assertTrue(String.valueOf(failure.getMessage()).contains(expected), failure.toString());
    }

    @Test
    void aCallComesToItsVoterAndAFailureComesBack() throws IOException {
        Voter one = new Voter(1, Optional.empty());
        Voter two = new Voter(2, Optional.empty());
        voters.addAll(List.of(one, two));
        voters.forEach(Voter::knowsAll);
        two.calls.serve("2-b", (call, request) -> {
            if (request.length == 1) {
                throw new IOException("the disk is full");
            }
            assertEquals(RaftCalls.Call.INSTALL_SNAPSHOT, call);
            return new byte[] {request[1], request[0]};
        });
        assertArrayEquals(new byte[] {8, 7}, one.calls.call("2-b", RaftCalls.Call.INSTALL_SNAPSHOT, new byte[] {7, 8}));
        fails("the disk is full", one.calls, "2-b");
        fails("voter: 2-x", one.calls, "2-x");
        fails("not known", one.calls, "3-c");
        fails("expected: NODE-DIRECTORY", one.calls, "b");
        fails("expected: NODE-DIRECTORY", one.calls, "-2-b");
    }

    @Test
    void aVoterThatHangsHoldsUpNeitherTheNetworkNorMoreThanAFewThreads() throws Exception {
        Voter one = new Voter(1, Optional.empty());
        Voter two = new Voter(2, Optional.empty());
        voters.addAll(List.of(one, two));
        voters.forEach(Voter::knowsAll);
        CountDownLatch disk = new CountDownLatch(1);
        AtomicInteger waiting = new AtomicInteger();
        two.calls.serve("2-b", (call, request) -> {
            waiting.incrementAndGet();
            try {
                disk.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
            return request;
        });
        PeerMessage question = PeerMessage.newBuilder()
                .setRaftCall(RaftCall.newBuilder().setVoter("2-b"))
                .build();
        List<CompletableFuture<PeerMessage>> answers = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            answers.add(one.peers.ask(2, question, List.of(), 30_000).toCompletableFuture());
        }
        // The others are refused, while these wait.
        while (answers.stream().filter(CompletableFuture::isDone).count() < 300 - 4 - 256) {
            Thread.onSpinWait();
        }
        assertTrue(waiting.get() <= 4, waiting.get() + " at once");
        disk.countDown();
        int answered = 0;
        for (CompletableFuture<PeerMessage> answer : answers) {
            try {
                assertTrue(answer.get(20, TimeUnit.SECONDS).hasRaftAnswer());
                answered++;
            } catch (ExecutionException e) {
                assertTrue(String.valueOf(e.getMessage()).contains("too many calls"), e.toString());
            }
        }
        assertEquals(4 + 256, answered);
    }
}
