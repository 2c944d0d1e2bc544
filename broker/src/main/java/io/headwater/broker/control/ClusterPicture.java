package io.headwater.broker.control;

import io.headwater.broker.metadata.FeatureLevels;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Recovery;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.ReplicaSet;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.ClusterNode;
import io.headwater.protocol.wire.ClusterPartition;
import io.headwater.protocol.wire.Feature;
import io.headwater.protocol.wire.RecoveryPlan;
import io.headwater.protocol.wire.ReplicaLag;
import io.headwater.protocol.wire.ReplicaMove;
import io.headwater.protocol.wire.UnsafeRecovery;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A picture of the metadata as operators see it: nodes, and partitions that are not as they should be. Once. */
public final class ClusterPicture {
    /** Named one by one; all are counted. */
    private static final int MOST_CONCERNS = 1_000;

    private final MetadataImage image;
    private final ClusterDescription.Builder description = ClusterDescription.newBuilder();
    private final Map<Integer, Integer> leads = new HashMap<>();
    private final Map<Integer, Integer> replicas = new HashMap<>();
    private int leaderless;
    private int shortOfVoters;
    private int changing;

    public ClusterPicture(MetadataImage image) {
        this.image = image;
    }

    public ClusterDescription.Builder describe() {
        for (TopicInfo topic : image.topics()) {
            topic.partitions().forEach(this::look);
        }
        image.nodes().forEach(node -> description.addNodes(node(node)));
        description.addAllFeatures(features());
        image.recoveries().forEach(recovery -> description.addRecoveries(recovery(recovery)));
        return description
                .setClusterId(image.clusterId())
                .setMetadataIndex(image.appliedIndex())
                .setTopics(image.topicCount())
                .setPartitions(image.partitionCount())
                .setLeaderless(leaderless)
                .setShortOfVoters(shortOfVoters)
                .setChanging(changing);
    }

    private List<Feature> features() {
        SortedMap<String, Integer> possible = FeatureLevels.possible(image);
        SortedSet<String> names = new TreeSet<>(image.features().keySet());
        names.addAll(possible.keySet());
        return names.stream()
                .map(name -> feature(image, name, possible.getOrDefault(name, 0)))
                .toList();
    }

    static Feature feature(MetadataImage image, String name, int possible) {
        return Feature.newBuilder()
                .setName(name)
                .setLevel(image.featureLevel(name))
                .setPossible(possible)
                .build();
    }

    private void look(PartitionInfo partition) {
        ReplicaSet set = partition.replicas();
        Stream.of(set.voters(), set.nextVoters(), set.learners())
                .flatMap(Collection::stream)
                .map(Replica::nodeId)
                .distinct()
                .forEach(node -> replicas.merge(node, 1, Integer::sum));
        Leader leader = partition.leader();
        if (leader != null) {
            leads.merge(leader.nodeId(), 1, Integer::sum);
        }
        List<Replica> live = set.voters().stream().filter(this::isLive).toList();
        int ledBy = leader != null && isLive(leader) ? leader.nodeId() : 0;
        boolean isShort = live.size() < set.voters().size();
        boolean isChanging = set.isJoint() || !set.learners().isEmpty();
        leaderless += ledBy == 0 ? 1 : 0;
        shortOfVoters += isShort ? 1 : 0;
        changing += isChanging ? 1 : 0;
        if ((ledBy == 0 || isShort || isChanging) && description.getConcernsCount() < MOST_CONCERNS) {
            description.addConcerns(ClusterPartition.newBuilder()
                    .setTopic(partition.topicName())
                    .setIndex(partition.index())
                    .setPartitionId(partition.partitionId())
                    .setEpoch(partition.epoch())
                    .setLeader(ledBy)
                    .addAllVoters(nodes(set.voters()))
                    .addAllLiveVoters(nodes(live))
                    .addAllNextVoters(nodes(set.nextVoters()))
                    .addAllLearners(nodes(set.learners())));
        }
    }

    private boolean isLive(Replica replica) {
        NodeInfo node = image.node(replica.nodeId());
        return node != null && !node.fenced() && node.replica().equals(replica);
    }

    private boolean isLive(Leader leader) {
        NodeInfo node = image.node(leader.nodeId());
        return node != null && !node.fenced() && node.leader().equals(leader);
    }

    /** With the names of topics, and without partitions that this node does not lead any more. */
    static ClusterLags named(MetadataImage image, int leaderNode, ClusterLags lags) {
        ClusterLags.Builder named = lags.toBuilder().clearWorst();
        for (ReplicaLag lag : lags.getWorstList()) {
            PartitionInfo partition = image.partition(lag.getPartitionId());
            if (partition == null) {
                continue;
            }
            Leader leader = partition.leader();
            if (leader != null && leader.nodeId() == leaderNode) {
                named.addWorst(lag.toBuilder().setTopic(partition.topicName()).setIndex(partition.index()));
            }
        }
        return named.build();
    }

    static ReplicaMove move(PartitionInfo partition, List<Replica> to) {
        Leader leader = partition.leader();
        return ReplicaMove.newBuilder()
                .setTopic(partition.topicName())
                .setIndex(partition.index())
                .setPartitionId(partition.partitionId())
                .addAllFrom(nodes(partition.replicas().voters()))
                .addAllTo(nodes(to))
                .setLeader(leader == null ? 0 : leader.nodeId())
                .build();
    }

    static RecoveryPlan.Builder recovery(MetadataImage image, PartitionInfo partition) {
        ClusterPicture picture = new ClusterPicture(image);
        List<Replica> voters = partition.replicas().voters();
        return RecoveryPlan.newBuilder()
                .setTopic(partition.topicName())
                .setIndex(partition.index())
                .setPartitionId(partition.partitionId())
                .addAllVoters(nodes(voters))
                .addAllLiveVoters(nodes(voters.stream().filter(picture::isLive).toList()));
    }

    static List<Integer> nodes(List<Replica> replicas) {
        return replicas.stream().map(Replica::nodeId).toList();
    }

    private ClusterNode node(NodeInfo node) {
        return ClusterNode.newBuilder()
                .setNodeId(node.nodeId())
                .setClientEndpoint(node.details().clientEndpoint())
                .setPeerEndpoint(node.details().peerEndpoint())
                .setRack(node.details().rack())
                .setDirectoryId(node.directoryId())
                .setFenced(node.fenced())
                .setDraining(node.draining())
                .setLeads(leads.getOrDefault(node.nodeId(), 0))
                .setReplicas(replicas.getOrDefault(node.nodeId(), 0))
                .build();
    }

    private UnsafeRecovery recovery(Recovery recovery) {
        PartitionInfo partition = image.partition(recovery.partitionId());
        return UnsafeRecovery.newBuilder()
                .setAtMs(recovery.atMs())
                .setPartitionId(recovery.partitionId())
                .setTopic(partition == null ? "" : partition.topicName())
                .setIndex(partition == null ? 0 : partition.index())
                .setEpoch(recovery.epoch())
                .setNode(recovery.replica().nodeId())
                .setOperator(recovery.operator())
                .setReason(recovery.reason())
                .setMetadata(recovery.partitionId() == Recovery.OF_METADATA)
                .build();
    }
}
