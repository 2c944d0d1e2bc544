package io.headwater.broker;

import io.headwater.broker.control.Responsibility;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.observe.ClusterVitals;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.shard.ReplicaPost;
import java.util.Optional;

/** What is different in a broker that stands alone and in one among others. */
interface Membership extends AutoCloseable {
    MetadataQuorum metadata();

    /** This broker in its present incarnation. */
    NodeInfo self();

    /** For one owner. */
    ReplicaPost post();

    /**
     * All partitions of the cluster.
     *
     * @param local those of this broker
     */
    Partitions partitions(Partitions local);

    Responsibility responsibility();

    /** Empty: nobody else is there. Once it is {@link #ready}. */
    Optional<ClusterVitals> vitals();

    /** The owners run, and may hear of others. */
    void ready();

    /** Before this broker stops: what it decides for others, another one decides from now on. Waits for that. */
    void handOver() throws InterruptedException;

    /** Ends what it began, the metadata included. */
    @Override
    void close();
}
