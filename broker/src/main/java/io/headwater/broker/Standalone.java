package io.headwater.broker;

import io.headwater.broker.control.Responsibility;
import io.headwater.broker.metadata.LocalMetadata;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.observe.ClusterVitals;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.shard.ReplicaPost;
import java.util.Objects;
import java.util.Optional;

/** A cluster of one: no port for others, no thread, and its own journal for what has to be agreed on. */
record Standalone(MetadataQuorum metadata) implements Membership {
    @Override
    public NodeInfo self() {
        return Objects.requireNonNull(metadata.image().node(LocalMetadata.NODE_ID), "registered at the start");
    }

    @Override
    public ReplicaPost post() {
        return ReplicaPost.NONE;
    }

    @Override
    public Partitions partitions(Partitions local) {
        return local;
    }

    @Override
    public Responsibility responsibility() {
        return Responsibility.ALONE;
    }

    @Override
    public Optional<ClusterVitals> vitals() {
        return Optional.empty();
    }

    @Override
    public void ready() {
        // Partitions are opened when somebody uses them.
    }

    @Override
    public void handOver() {
        // Nobody else is there.
    }

    @Override
    public void close() {
        metadata.close();
    }
}
