package io.headwater.broker.cluster;

import io.headwater.broker.metadata.FeatureLevels;
import io.headwater.broker.metadata.FeatureRange;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What this version can do of what all brokers of a cluster have to understand alike. Whoever adds something that the
 * version before would refuse or misread raises the upper level of its feature, and does not use it before the cluster's
 * metadata say that the level holds ({@code MetadataImage.featureLevel}). A level that no cluster uses any more is taken off
 * from below, and its code with it.
 */
final class Features {
    /** What brokers say to each other, Ratis's calls and questions about partitions included. */
    private static final String PEERS = "peers";
    /** Kinds of entries in the logs of partitions, and what stands in them. */
    private static final String LOG = "log";

    static final SortedMap<String, FeatureRange> OF_THIS_VERSION =
            Collections.unmodifiableSortedMap(new TreeMap<>(Map.of(
                    FeatureLevels.METADATA,
                    new FeatureRange(1, FeatureLevels.REPLICATED_LEVEL),
                    PEERS,
                    new FeatureRange(1, 1),
                    LOG,
                    new FeatureRange(1, 1))));

    private Features() {}
}
