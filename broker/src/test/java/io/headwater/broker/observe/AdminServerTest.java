package io.headwater.broker.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.observe.ReplicationFigures.Lag;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminServerTest {
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final FixedVitals vitals = new FixedVitals();
    private volatile Health health = new Health(true, true, List.of());
    private AdminServer server = none();

    @SuppressWarnings("NullAway")
    private static AdminServer none() {
        return null;
    }

    @BeforeEach
    void start() throws IOException {
        server = start(Optional.empty());
    }

    private AdminServer start(Optional<ClusterVitals> cluster) throws IOException {
        return AdminServer.start(
                loops,
                NioServerSocketChannel.class,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Metrics(vitals, new FixedHouse(), cluster),
                () -> health);
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class FixedHouse implements Metrics.House {
        @Override
        public int topics() {
            return 4;
        }

        @Override
        public int partitions() {
            return 12;
        }

        @Override
        public int groups() {
            return 2;
        }

        @Override
        public List<GroupLag> groupLags() {
            return List.of(new GroupLag("g\"1", 55, 1500));
        }

        @Override
        public int controlMailbox() {
            return 9;
        }

        @Override
        public Health health() {
            return health;
        }
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void showsTheMetricsOfTheirOwners() throws Exception {
        vitals.produceLatency.recordNs(30_000);
        vitals.produceLatency.recordNs(2_000_000_000);
        HttpResponse<String> page = send("GET", "/metrics");
        assertEquals(200, page.statusCode());
        assertTrue(page.headers().firstValue("content-type").orElse("").startsWith("text/plain"));
        String text = page.body();
        assertTrue(text.contains("headwater_produce_records_total 1.0"), text);
        assertTrue(text.contains("headwater_partitions 12.0"), text);
        assertTrue(text.contains("headwater_group_lag_records{group=\"g\\\"1\"} 55.0"), text);
        assertTrue(text.contains("headwater_group_lag_seconds{group=\"g\\\"1\"} 1.5"), text);
        assertTrue(text.contains("headwater_mailbox_depth{owner=\"control\"} 9.0"), text);
        assertTrue(text.contains("headwater_mailbox_depth{owner=\"shard-0\"} 3.0"), text);
        assertTrue(text.contains("headwater_produce_request_seconds_bucket{le=\"2.5E-5\"} 0"), text);
        assertTrue(text.contains("headwater_produce_request_seconds_bucket{le=\"5.0E-5\"} 1"), text);
        assertTrue(text.contains("headwater_produce_request_seconds_bucket{le=\"+Inf\"} 2"), text);
        assertTrue(text.contains("headwater_produce_request_seconds_count 2"), text);
        assertTrue(text.contains("jvm_memory_used_bytes{area=\"heap\"}"), text);
        assertTrue(text.contains("headwater_ready 1.0"), text);
    }

    @Test
    void aMemberShowsItsClusterItsReplicationAndItsPeers() throws Exception {
        server.close();
        server = start(Optional.of(new FixedCluster()));
        String text = send("GET", "/metrics").body();
        for (String line : """
                headwater_cluster_nodes{state="live"} 3.0
                headwater_cluster_nodes{state="fenced"} 2.0
                headwater_cluster_nodes{state="draining"} 1.0
                headwater_cluster_controller 1.0
                headwater_cluster_metadata_index 77.0
                headwater_cluster_metadata_differing 8.0
                headwater_cluster_partitions_leaderless 4.0
                headwater_cluster_partitions_short_of_voters 5.0
                headwater_cluster_partitions_changing 6.0
                headwater_unsafe_recoveries_total 9.0
                headwater_partitions_leading 10.0
                headwater_partitions_following 20.0
                headwater_partitions_under_replicated 8.0
                headwater_leaderships_begun_total 30.0
                headwater_leaderships_ended_total 18.0
                headwater_repairs_begun_total 5.0
                headwater_repairs_ended_total 4.0
                headwater_segment_copies 2.0
                headwater_segment_copies_received_bytes_total 6000.0
                headwater_segment_copies_sent_bytes_total 5000.0
                headwater_segments_copied_total 7.0
                headwater_replication_lag_entries{node="2"} 0.0
                headwater_replication_lag_entries{node="3"} 1000.0
                headwater_replication_lag_entries_max{node="3"} 600.0
                headwater_peer_connected{node="2"} 1.0
                headwater_peer_connected{node="3"} 0.0
                headwater_peer_connections_total{node="3"} 2.0
                headwater_peer_sent_bytes_total{node="3"} 300.0
                headwater_peer_received_bytes_total{node="3"} 400.0
                headwater_peer_queued_bytes{node="3"} 500.0
                """.split("\n")) {
            assertTrue(text.contains("\n" + line + "\n"), line + " (expected in) " + text);
        }
    }

    @Test
    void aBrokerThatStandsAloneSaysNothingOfOthers() throws Exception {
        String text = send("GET", "/metrics").body();
        for (String name :
                List.of("_cluster_", "_peer_", "_replication_", "_leaderships_", "_under_replicated", "_recoveries_")) {
            assertFalse(text.contains(name), text);
        }
    }

    @Test
    void sumsReplicationOfSeveralOwners() {
        ReplicationFigures one = new ReplicationFigures(1, 2, 3, 4, 5, 6, 7, new TreeMap<>(Map.of(2, new Lag(10, 7))));
        ReplicationFigures two = new ReplicationFigures(
                10, 20, 30, 40, 50, 60, 70, new TreeMap<>(Map.of(2, new Lag(20, 5), 3, new Lag(1, 1))));

        ReplicationFigures both = ReplicationFigures.NONE.plus(one).plus(two);

        assertEquals(
                new ReplicationFigures(
                        11, 22, 33, 44, 55, 66, 77, new TreeMap<>(Map.of(2, new Lag(30, 7), 3, new Lag(1, 1)))),
                both);
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertEquals("ok\n", send("GET", "/healthz").body());
        assertEquals(200, send("GET", "/readyz").statusCode());
        health = Health.of(Health.Phase.RUNNING, vitals, true, 1000);
        assertEquals(200, send("GET", "/healthz").statusCode());
        assertTrue(send("GET", "/healthz").body().contains("1 offline"));
        assertEquals(200, send("GET", "/readyz").statusCode());
        health = Health.of(Health.Phase.RUNNING, vitals, false, 1_000_000);
        HttpResponse<String> notReady = send("GET", "/readyz");
        assertEquals(503, notReady.statusCode());
        assertTrue(notReady.body().contains("disk:"), notReady.body());
        assertTrue(notReady.body().contains("metadata:"), notReady.body());
        assertEquals(200, send("GET", "/healthz").statusCode(), "a restart would not help");
        health = health.dead("control: stopped");
        assertEquals(503, send("GET", "/healthz").statusCode());
        health = Health.of(Health.Phase.STARTING, vitals, true, 0);
        assertEquals(503, send("GET", "/readyz").statusCode());
    }

    @Test
    void answersWhatItDoesNotKnowAndStaysUp() throws Exception {
        assertEquals(404, send("GET", "/etc/passwd").statusCode());
        assertEquals(405, send("POST", "/metrics").statusCode());
        assertEquals(200, send("GET", "/").statusCode());
        HttpResponse<String> head = send("HEAD", "/metrics");
        assertEquals(200, head.statusCode());
        assertTrue(head.body().isEmpty());
        assertFalse(raw("garbage\r\n\r\n").startsWith("HTTP/1.1 200"));
        assertTrue(raw("GET / HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(100_000) + "\r\n\r\n")
                .startsWith("HTTP/1.1 400"));
        assertEquals(200, send("GET", "/healthz").statusCode());
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            byte[] head = socket.getInputStream().readNBytes(12);
            return new String(head, StandardCharsets.US_ASCII);
        }
    }

    @Test
    void sumsHistogramsOfSeveralOwners() {
        LatencyHistogram one = new LatencyHistogram();
        LatencyHistogram two = new LatencyHistogram();
        for (int i = 0; i < 99; i++) {
            one.recordNs(90_000);
        }
        two.recordNs(70_000_000_000L);
        LatencyHistogram.Snapshot sum = one.snapshot().plus(two.snapshot());
        assertEquals(100, sum.count());
        assertEquals(100_000, sum.percentileNs(0.5));
        assertEquals(100_000, sum.percentileNs(0.99));
        assertTrue(sum.percentileNs(1) > 20_000_000_000L);
        assertEquals(0, LatencyHistogram.Snapshot.empty().percentileNs(0.5));
    }

    private static final class FixedCluster implements ClusterVitals {
        @Override
        public ClusterFigures cluster() {
            return new ClusterFigures(true, 77, 3, 2, 1, 4, 5, 6, 9, 8);
        }

        @Override
        public ReplicationFigures replication() {
            return new ReplicationFigures(
                    10, 20, 8, 30, 18, 5, 4, new TreeMap<>(Map.of(2, new Lag(0, 0), 3, new Lag(1000, 600))));
        }

        @Override
        public SegmentFigures segments() {
            return new SegmentFigures(2, 5000, 6000, 7);
        }

        @Override
        public List<PeerFigures> peers() {
            return List.of(new PeerFigures(2, true, 1, 30, 40, 0), new PeerFigures(3, false, 2, 300, 400, 500));
        }
    }

    private static final class FixedVitals implements Vitals {
        @Override
        public List<QueueFigures> queues() {
            return List.of();
        }

        @Override
        public long duplicateRecords() {
            return 0;
        }

        @Override
        public QueueMemory queueMemory() {
            return new QueueMemory(1_024, Map.of("records", 512L));
        }

        final LatencyHistogram produceLatency = new LatencyHistogram();

        @Override
        public int connections() {
            return 3;
        }

        @Override
        public int offlinePartitions() {
            return 1;
        }

        @Override
        public int openPartitions() {
            return 2;
        }

        @Override
        public long logBytes() {
            return 12345;
        }

        @Override
        public Scrubbing scrubbing() {
            return new Scrubbing(7000, 1, 2, 1_700_000_000_500L);
        }

        @Override
        public long usableBytes() {
            return 5000;
        }

        @Override
        public long inFlightBytes() {
            return 0;
        }

        @Override
        public long readPauses() {
            return 0;
        }

        @Override
        public Traffic traffic() {
            return new Traffic(1, 2, 3, 4, 5, 6, 7, 8);
        }

        @Override
        public List<Integer> ownerMailboxes() {
            return List.of(3);
        }

        @Override
        public LatencyHistogram.Snapshot produceLatency() {
            return produceLatency.snapshot();
        }

        @Override
        public LatencyHistogram.Snapshot syncDuration() {
            return LatencyHistogram.Snapshot.empty();
        }
    }
}
