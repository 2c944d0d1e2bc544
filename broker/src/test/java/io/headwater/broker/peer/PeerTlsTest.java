package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeerTlsTest {
    static Path file(String name) {
        try {
            return Path.of(Objects.requireNonNull(PeerTlsTest.class.getResource("/tls/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static Optional<PeerTls> tls(String name) throws IOException {
        return Optional.of(PeerTls.load(file(name + ".pem"), file(name + ".key"), file("ca.pem")));
    }

    private static String failure(TestNode from, TestNode to) {
        ExecutionException failure = assertThrows(
                ExecutionException.class,
                () -> from.peers
                        .ask(to.endpoint(), TestNode.numbered(1), 10_000)
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS));
        return String.valueOf(
                assertInstanceOf(IOException.class, failure.getCause()).getMessage());
    }

    @Test
    void brokersOfOneCaTalk() throws Exception {
        try (TestNode one = TestNode.of(1, tls("broker"));
                TestNode two = TestNode.of(2, tls("broker"))) {
            one.knows(2, two);
            two.answers = (node, question) -> question;
            for (int i = 0; i < 200; i++) {
                byte[] bytes = new byte[i * 1_000];
                java.util.Arrays.fill(bytes, (byte) i);
                one.peers.send(2, TestNode.numbered(i), List.of(ByteBuffer.wrap(bytes)));
            }
            for (int i = 0; i < 200; i++) {
                TestNode.Heard heard = two.next();
                assertEquals(i, heard.number());
                assertEquals(i * 1_000, heard.attachment().remaining());
                for (int at = 0; at < heard.attachment().remaining(); at += 100) {
                    assertEquals((byte) i, heard.attachment().get(at));
                }
            }
            PeerMessage answer = one.ask(2, TestNode.numbered(9));
            assertEquals(9, answer.getHeartbeat().getAppliedIndex());
            two.peers.close();
            one.awaitEnd(TestNode.Ended::refused);
        }
    }

    @Test
    void nobodyElseIsHeard() throws Exception {
        try (TestNode one = TestNode.of(1, tls("broker"));
                TestNode stranger = TestNode.of(2, tls("stranger"));
                TestNode expired = TestNode.of(3, tls("expired"));
                TestNode open = TestNode.of(4)) {
            one.answers = (node, question) -> question;
            stranger.answers = one.answers;
            expired.answers = one.answers;
            open.answers = one.answers;
            for (TestNode other : List.of(stranger, expired, open)) {
                String theirs = failure(other, one);
                String ours = failure(one, other);
                assertNotEquals("", theirs);
                assertNotEquals("", ours);
            }
            assertTrue(failure(one, stranger).contains("certification path"), failure(one, stranger));
            for (TestNode other : List.of(stranger, expired, open)) {
                other.knows(1, one);
                other.send(1, 1);
                assertEquals(new TestNode.Ended(1, false), other.nextEnd());
            }
            try (RawPeer raw = RawPeer.to(one)) {
                raw.say(RawPeer.hello(5));
                raw.awaitClosed();
            }
            try (RawPeer raw = RawPeer.to(one)) {
                raw.out.write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                raw.awaitClosed();
            }
            one.hearsNothingMore();
        }
    }

    @Test
    void aFileThatCannotBeUsedIsNamed() {
        Path broker = file("broker.pem");
        Path key = file("broker.key");
        Path ca = file("ca.pem");
        for (Path[] files : new Path[][] {
            {Path.of("absent"), key, ca}, {broker, Path.of("absent"), ca}, {broker, key, Path.of("absent")}
        }) {
            IOException failure = assertThrows(IOException.class, () -> PeerTls.load(files[0], files[1], files[2]));
            assertTrue(String.valueOf(failure.getMessage()).contains("absent"), failure.toString());
        }
        for (Path[] files : new Path[][] {{key, key, ca}, {broker, broker, ca}, {broker, key, key}}) {
            IOException failure = assertThrows(IOException.class, () -> PeerTls.load(files[0], files[1], files[2]));
            assertTrue(String.valueOf(failure.getMessage()).contains("expected: PEM"), failure.toString());
        }
    }
}
