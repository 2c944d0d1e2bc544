package io.headwater.broker.copy;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.ReplicaSet;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.replica.Configuration;
import io.headwater.broker.replica.Leader;
import io.headwater.broker.replica.PartitionView;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.protocol.wire.AckLevel;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What replicas and controllers are told of a partition, out of the metadata. */
public final class Views {
    private static final UUID NOBODYS = new UUID(0, 0);

    private Views() {}

    public static PartitionView of(MetadataImage image, PartitionInfo partition) {
        ReplicaSet replicas = partition.replicas();
        TopicInfo topic = image.topic(partition.topicName());
        int minCopies = topic == null ? 0 : topic.replication().writeQuorum();
        Configuration configuration =
                new Configuration(partition.cfgVer(), ids(replicas.voters()), ids(replicas.nextVoters()), minCopies);
        return new PartitionView(
                image.appliedIndex(),
                partition.epoch(),
                leader(image, partition),
                configuration,
                ids(replicas.learners()),
                partition.recoveredEpoch(),
                commitsWritten(topic));
    }

    /** Whether what a write quorum has written is committed in this topic's partitions, synced or not. */
    public static boolean commitsWritten(@Nullable TopicInfo topic) {
        return topic != null && topic.policy().ackLevel() == AckLevel.ACK_REPLICATED;
    }

    public static ReplicaId id(Replica replica) {
        return new ReplicaId(replica.nodeId(), UUID.fromString(replica.directoryId()));
    }

    private static List<ReplicaId> ids(List<Replica> replicas) {
        return replicas.stream().map(Views::id).toList();
    }

    /** A node in one incarnation has one directory: the registered one, or one that it had before and that is no voter now. */
    private static @Nullable Leader leader(MetadataImage image, PartitionInfo partition) {
        var leader = partition.leader();
        if (leader == null) {
            return null;
        }
        NodeInfo node = image.node(leader.nodeId());
        if (node != null && node.incarnation() == leader.incarnation()) {
            return new Leader(id(node.replica()), leader.incarnation());
        }
        // It has registered again since: this leader is history. If it is no voter either, its directory is nobody's.
        return Stream.concat(partition.replicas().voters().stream(), partition.replicas().nextVoters().stream())
                .filter(voter -> voter.nodeId() == leader.nodeId())
                .findFirst()
                .map(voter -> new Leader(id(voter), leader.incarnation()))
                .orElse(new Leader(new ReplicaId(leader.nodeId(), NOBODYS), leader.incarnation()));
    }
}
