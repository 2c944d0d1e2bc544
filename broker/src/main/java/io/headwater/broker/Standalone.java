package io.headwater.broker;

import io.headwater.broker.cluster.ClusterNode;
import io.headwater.broker.control.Responsibility;
import io.headwater.broker.metadata.LocalMetadata;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.observe.ClusterVitals;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.shard.ReplicaPost;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** A cluster of one: no port for others, no thread, and its own journal for what has to be agreed on. */
record Standalone(MetadataQuorum metadata) implements Membership {
    /** @throws IOException also if the directory is a member's: a cluster is not left by a start alone */
    static Standalone start(Path dataDirectory, Ports ports, Marks marks) throws IOException {
        // Before anything of a cluster is loaded.
        if (ports.disk().exists(dataDirectory.resolve(ClusterNode.FILE_NAME))) {
            ClusterNode.refuseMember(ports.disk(), dataDirectory);
        }
        return new Standalone(
                LocalMetadata.start(ports.disk(), dataDirectory, marks, ports.newId(), ports.epochClock()));
    }

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
