package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.metadata.FeatureRange;
import io.headwater.broker.replica.ControllerSettings;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a broker is a member of a cluster.
 *
 * @param seeds peer listeners of members, to be asked by a broker that wants to join; none: a fresh broker founds a cluster
 * @param clientEndpoint host:port, as clients reach this broker
 * @param peerEndpoint host:port, as other brokers reach it
 * @param rack replicas and voters go to different ones
 * @param features what this version can do, by name
 */
public record ClusterSettings(
        List<HostPort> seeds,
        String clientEndpoint,
        String peerEndpoint,
        String rack,
        SortedMap<String, FeatureRange> features,
        Timing timing,
        ControllerSettings controller) {
    /** What this version can do. */
    public static final SortedMap<String, FeatureRange> FEATURES = Features.OF_THIS_VERSION;

    public ClusterSettings {
        seeds = List.copyOf(seeds);
        features = Collections.unmodifiableSortedMap(new TreeMap<>(features));
    }

    public ClusterSettings(
            List<HostPort> seeds,
            String clientEndpoint,
            String peerEndpoint,
            String rack,
            SortedMap<String, FeatureRange> features,
            Timing timing) {
        this(seeds, clientEndpoint, peerEndpoint, rack, features, timing, ControllerSettings.DEFAULTS);
    }

    /**
     * @param heartbeatMs how often a node is heard of
     * @param sessionMs after how long without that it is fenced
     * @param voterLostMs after how long fenced its places among the voters of the metadata and of partitions go to others
     * @param handbackMs how long a node is there again before it leads again what it is the preferred leader of
     * @param retryMs how long a proposal looks for somebody who leads, before it fails
     * @param startMs how long a start waits for the cluster, before it fails
     */
    public record Timing(
            long heartbeatMs, long sessionMs, long voterLostMs, long handbackMs, long retryMs, long startMs) {
        public static final Timing DEFAULTS = new Timing(500, 3_000, 600_000, 10_000, 5_000, 60_000);
    }
}
