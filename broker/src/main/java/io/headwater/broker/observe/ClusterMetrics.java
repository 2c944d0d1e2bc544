package io.headwater.broker.observe;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.ToDoubleFunction;

/** What a member of a cluster tells besides: the cluster as it sees it, its part in replication, its connections. */
final class ClusterMetrics {
    private static final String NODE = "node";

    private final PrometheusRegistry registry;
    private final ReadValues values;
    private final ClusterVitals vitals;

    private ClusterMetrics(PrometheusRegistry registry, ClusterVitals vitals) {
        this.registry = registry;
        this.values = new ReadValues(registry);
        this.vitals = vitals;
    }

    static void register(PrometheusRegistry registry, ClusterVitals vitals) {
        ClusterMetrics metrics = new ClusterMetrics(registry, vitals);
        metrics.cluster();
        metrics.replication();
        metrics.peers();
    }

    private void cluster() {
        registry.register(GaugeWithCallback.builder()
                .name("headwater_cluster_nodes")
                .help(
                        "Nodes of the cluster, by state, as this broker knows them. One that is fenced and leaving is fenced.")
                .labelNames("state")
                .callback(gauge -> {
                    ClusterFigures cluster = vitals.cluster();
                    gauge.call(cluster.live(), "live");
                    gauge.call(cluster.fenced(), "fenced");
                    gauge.call(cluster.draining(), "draining");
                })
                .build());
        values.gauge(
                "headwater_cluster_controller",
                "1: this broker is the controller. One of the cluster should be.",
                () -> vitals.cluster().controller() ? 1 : 0);
        values.gauge(
                "headwater_cluster_metadata_index",
                "How far this broker knows the metadata.",
                () -> vitals.cluster().metadataIndex());
        values.gauge(
                "headwater_cluster_metadata_differing",
                "Nodes that hold other metadata than this broker; told by the controller only. Should be 0.",
                () -> vitals.cluster().differing());
        values.gauge(
                "headwater_cluster_partitions_leaderless",
                "Partitions of the cluster without a live leader, as this broker knows them.",
                () -> vitals.cluster().leaderless());
        values.gauge(
                "headwater_cluster_partitions_short_of_voters",
                "Partitions of the cluster of whose voters not all are live, as this broker knows them.",
                () -> vitals.cluster().shortOfVoters());
        values.gauge(
                "headwater_cluster_partitions_changing",
                "Partitions of the cluster whose voters are being changed, as this broker knows them.",
                () -> vitals.cluster().changing());
        values.counter(
                "headwater_unsafe_recoveries_total",
                "How often a partition of the cluster went on with possible loss, by an operator or after a loss of power; 1,000 at most.",
                () -> vitals.cluster().recoveries());
    }

    private void replication() {
        values.gauge(
                "headwater_partitions_leading",
                "Partitions that this broker leads and others have copies of; as of the last second.",
                () -> vitals.replication().leading());
        values.gauge(
                "headwater_partitions_following",
                "Copies here of partitions that this broker does not lead; as of the last second.",
                () -> vitals.replication().following());
        values.gauge(
                "headwater_partitions_under_replicated",
                "Partitions led here of which a voter has lacked something for 10 s that was on this disk.",
                () -> vitals.replication().underReplicated());
        values.counter(
                "headwater_leaderships_begun_total",
                "How often this broker began to lead a partition.",
                () -> vitals.replication().begun());
        values.counter(
                "headwater_leaderships_ended_total",
                "How often this broker ceased to lead a partition.",
                () -> vitals.replication().ended());
        values.counter(
                "headwater_repairs_begun_total",
                "How often a copy here was damaged and gave up what it held from there on, to get it from its leader.",
                () -> vitals.replication().repairsBegun());
        values.counter(
                "headwater_repairs_ended_total",
                "How often such a copy had all of it again.",
                () -> vitals.replication().repairsEnded());
        values.gauge(
                "headwater_segment_copies",
                "Copies here that are being filled with whole segments of others.",
                () -> vitals.segments().filling());
        values.counter(
                "headwater_segment_copies_sent_bytes_total",
                "Bytes of whole segments that went to others to fill their copies.",
                () -> vitals.segments().sentBytes());
        values.counter(
                "headwater_segment_copies_received_bytes_total",
                "Bytes of whole segments that came from others to fill copies here.",
                () -> vitals.segments().receivedBytes());
        values.counter(
                "headwater_segments_copied_total",
                "Whole segments of others that became part of copies here.",
                () -> vitals.segments().received());
        lag(
                "headwater_replication_lag_entries",
                "Log entries of all partitions led here that the node has not confirmed to be on its disk.",
                ReplicationFigures.Lag::entries);
        lag(
                "headwater_replication_lag_entries_max",
                "The same, of the one partition where the node is furthest behind.",
                ReplicationFigures.Lag::largest);
    }

    private void peers() {
        registry.register(GaugeWithCallback.builder()
                .name("headwater_peer_connected")
                .help("1: this broker's connection to the node is open. It is opened when there is something to say.")
                .labelNames(NODE)
                .callback(gauge -> vitals.peers().forEach(peer -> gauge.call(peer.connected() ? 1 : 0, name(peer))))
                .build());
        registry.register(GaugeWithCallback.builder()
                .name("headwater_peer_queued_bytes")
                .help("Bytes that wait to be written to the node.")
                .labelNames(NODE)
                .callback(gauge -> vitals.peers().forEach(peer -> gauge.call((double) peer.queuedBytes(), name(peer))))
                .build());
        peerCounter(
                "headwater_peer_connections_total",
                "How often this broker has opened its connection to the node.",
                PeerFigures::connections);
        peerCounter("headwater_peer_sent_bytes_total", "Bytes sent to the node.", PeerFigures::sentBytes);
        peerCounter("headwater_peer_received_bytes_total", "Bytes received from the node.", PeerFigures::receivedBytes);
    }

    private static String name(PeerFigures peer) {
        return Integer.toString(peer.node());
    }

    private void lag(String name, String help, ToDoubleFunction<ReplicationFigures.Lag> value) {
        registry.register(GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(NODE)
                .callback(gauge -> vitals.replication()
                        .lags()
                        .forEach((node, lag) -> gauge.call(value.applyAsDouble(lag), Integer.toString(node))))
                .build());
    }

    private void peerCounter(String name, String help, ToDoubleFunction<PeerFigures> value) {
        registry.register(CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(NODE)
                .callback(
                        counter -> vitals.peers().forEach(peer -> counter.call(value.applyAsDouble(peer), name(peer))))
                .build());
    }
}
