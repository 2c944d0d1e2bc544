package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakeBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a client with several addresses finds a broker, over real sockets. */
@Timeout(60)
class BootstrapTest {
    private static HeadwaterClient client(String servers) {
        return HeadwaterClient.builder()
                .server(servers)
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    /** An address on which nobody listens. */
    private static String dead() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }

    private static long millis(Runnable task) {
        long startNs = System.nanoTime();
        task.run();
        return (System.nanoTime() - startNs) / 1_000_000;
    }

    @Test
    void skipsWhoIsDeadAndWhoSaysNothing() throws IOException {
        try (FakeBroker broker = new FakeBroker();
                ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            broker.createTopic("t", 1);
            String silent = "127.0.0.1:" + mute.getLocalPort();
            for (String servers : List.of(
                    dead() + "," + dead() + "," + broker.server(),
                    silent + "," + broker.server(),
                    broker.server() + "," + silent + "," + dead(),
                    dead() + ", " + silent + ", " + broker.server())) {
                // Each begins somewhere else in its list.
                for (int i = 0; i < 4; i++) {
                    try (HeadwaterClient client = client(servers)) {
                        long ms = millis(() ->
                                assertEquals("t", client.admin().topics().get(0).getName()));
                        // Far from the time that a connection or an answer may take.
                        assertTrue(ms < 3_000, servers + ": " + ms + " ms");
                    }
                }
            }
        }
    }

    @Test
    void saysSoWhenNoneIsThere() throws IOException {
        String servers = dead() + "," + dead();
        try (HeadwaterClient client = client(servers)) {
            var failure = assertThrows(
                    HeadwaterException.Retriable.class, () -> client.admin().topics());
            assertEquals("UNREACHABLE", failure.code());
            assertTrue(failure.getMessage().contains(servers), failure.getMessage());
        }
    }

    @Test
    void goesOnWithAnotherWhenItsBrokerIsGone() {
        try (FakeBroker second = new FakeBroker()) {
            FakeBroker first = new FakeBroker();
            first.createTopic("t", 1);
            second.createTopic("t", 1);
            try (HeadwaterClient client = client(first.server() + "," + second.server())) {
                client.admin().topics();
                first.close();
                assertEquals("t", client.admin().topics().get(0).getName());
                assertEquals("t", client.admin().topics().get(0).getName());
            }
        }
    }

    @Test
    void refusesWhatIsNoListOfAddresses() {
        for (String wrong : List.of("", "localhost", "a:1,", "a:1,b", "a:0", "a:65536", ":1", "a:x")) {
            var failure = assertThrows(
                    IllegalArgumentException.class,
                    () -> HeadwaterClient.builder().server(wrong));
            assertTrue(failure.getMessage().contains("expected: HOST:PORT"), failure.getMessage());
        }
        assertEquals(List.of(new Endpoint("::1", 1), new Endpoint("b", 2)), Endpoint.parseAll("[::1]:1, b:2,b:2"));
        assertEquals("[::1]:1", new Endpoint("::1", 1).toString());
    }
}
