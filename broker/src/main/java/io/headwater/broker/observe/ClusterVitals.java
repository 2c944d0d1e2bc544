package io.headwater.broker.observe;

import java.util.List;

/** What can be read off a broker that is a member of a cluster, besides its {@link Vitals}. As these: any thread, at once. */
public interface ClusterVitals {
    /** Counted again only when the metadata have changed. */
    ClusterFigures cluster();

    ReplicationFigures replication();

    SegmentFigures segments();

    /** Of the other brokers that this one knows, by node. */
    List<PeerFigures> peers();
}
