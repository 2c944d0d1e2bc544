package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything the metadata log says up to one index, immutable and cheap to replace: versions share their structure.
 * Safe for any thread.
 */
public final class MetadataImage {
    private final long appliedIndex;
    private final ClusterState cluster;
    private final PersistentMap<TopicInfo> topics;
    private final PartitionTable partitions;
    private final PersistentMap<GroupInfo> groups;
    private final NextIds next;

    private MetadataImage(
            long appliedIndex,
            ClusterState cluster,
            PersistentMap<TopicInfo> topics,
            PartitionTable partitions,
            PersistentMap<GroupInfo> groups,
            NextIds next) {
        this.appliedIndex = appliedIndex;
        this.cluster = cluster;
        this.topics = topics;
        this.partitions = partitions;
        this.groups = groups;
        this.next = next;
    }

    /** A cluster in which nothing has happened yet. */
    public static MetadataImage empty(String clusterId) {
        return new MetadataImage(
                0,
                ClusterState.empty(clusterId),
                PersistentMap.empty(),
                PartitionTable.EMPTY,
                PersistentMap.empty(),
                NextIds.FIRST);
    }

    public long appliedIndex() {
        return appliedIndex;
    }

    public String clusterId() {
        return cluster.id();
    }

    /** The broker of this id, if it is registered. */
    public @Nullable NodeInfo node(int nodeId) {
        return cluster.nodes().get(nodeId);
    }

    /** The broker that is registered with this data directory. */
    @Nullable
    NodeInfo nodeOf(Replica replica) {
        NodeInfo node = node(replica.nodeId());
        return node != null && node.replica().equals(replica) ? node : null;
    }

    /** All brokers that are registered, by id. */
    public Collection<NodeInfo> nodes() {
        return cluster.nodes().values();
    }

    /** The level of this feature that holds in the whole cluster; 0: none, it must not be used. */
    public int featureLevel(String name) {
        return cluster.features().getOrDefault(name, 0);
    }

    /** The levels that hold, by name of the feature. */
    public SortedMap<String, Integer> features() {
        return cluster.features();
    }

    /** What was given up by hand, oldest first; the last thousand times. */
    public List<Recovery> recoveries() {
        return cluster.recoveries();
    }

    /** The last time that the metadata themselves went on from one voter's log; null: never. */
    public @Nullable Recovery recoveryOfMetadata() {
        List<Recovery> all = cluster.recoveries();
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).partitionId() == Recovery.OF_METADATA) {
                return all.get(i);
            }
        }
        return null;
    }

    public @Nullable TopicInfo topic(String name) {
        return topics.get(name);
    }

    /** In constant time, without allocation. */
    public @Nullable PartitionInfo partition(long partitionId) {
        return partitions.get(partitionId);
    }

    /** Whether so many voters are on live nodes that something can be committed; of each set, while voters change. */
    public boolean hasQuorum(PartitionInfo partition) {
        TopicInfo topic = existing(partition.topicName());
        ReplicaSet replicas = partition.replicas();
        int minCopies = topic.replication().writeQuorum();
        return hasQuorum(replicas.voters(), minCopies)
                && (!replicas.isJoint() || hasQuorum(replicas.nextVoters(), minCopies));
    }

    private boolean hasQuorum(List<Replica> voters, int minCopies) {
        int writeQuorum = Math.max(voters.size() / 2 + 1, Math.min(voters.size(), minCopies));
        long live = voters.stream()
                .map(this::nodeOf)
                .filter(node -> node != null && !node.fenced())
                .count();
        return live >= writeQuorum;
    }

    /** All topics by name; a new list. */
    public List<TopicInfo> topics() {
        List<TopicInfo> all = topics.values();
        all.sort(Comparator.comparing(TopicInfo::name));
        return all;
    }

    public @Nullable GroupInfo group(String name) {
        return groups.get(name);
    }

    /** All groups by name; a new list. */
    public List<GroupInfo> groups() {
        List<GroupInfo> all = groups.values();
        all.sort(Comparator.comparing(GroupInfo::name));
        return all;
    }

    public int topicCount() {
        return topics.size();
    }

    public int partitionCount() {
        return partitions.size();
    }

    public int groupCount() {
        return groups.size();
    }

    /** Partition ids from here on were never given; a log with such an id belongs to a later picture than this. */
    public long nextPartitionId() {
        return next.partitionId();
    }

    /** Ids of groups from here on were never given to any. */
    public int nextGroupId() {
        return next.groupId();
    }

    /** Producer ids from here on were never given to anyone. */
    public long nextProducerId() {
        return next.producerId();
    }

    NextIds next() {
        return next;
    }

    ClusterState cluster() {
        return cluster;
    }

    ReplicaCounts replicaCounts() {
        return partitions.counts();
    }

    MetadataImage at(long index) {
        return new MetadataImage(index, cluster, topics, partitions, groups, next);
    }

    MetadataImage withNext(NextIds ids) {
        return new MetadataImage(appliedIndex, cluster, topics, partitions, groups, ids);
    }

    MetadataImage withCluster(ClusterState changed) {
        return new MetadataImage(appliedIndex, changed, topics, partitions, groups, next);
    }

    /** With this topic new or in place of the one of the same name, which may only have had fewer partitions. */
    MetadataImage withTopic(TopicInfo topic) {
        return new MetadataImage(
                appliedIndex,
                cluster,
                topics.with(topic.name(), topic),
                partitions.with(topic.partitions()),
                groups,
                next);
    }

    /** As {@link #withTopic}, for many: pages of the partition table are copied once and not once a topic. */
    MetadataImage withTopics(Collection<TopicInfo> all) {
        PersistentMap<TopicInfo> byName = topics;
        List<PartitionInfo> theirs = new ArrayList<>();
        for (TopicInfo topic : all) {
            byName = byName.with(topic.name(), topic);
            theirs.addAll(topic.partitions());
        }
        return new MetadataImage(appliedIndex, cluster, byName, partitions.with(theirs), groups, next);
    }

    /** With these in place of the ones with their ids, which exist. */
    MetadataImage withPartitions(Collection<PartitionInfo> changed) {
        Map<String, List<PartitionInfo>> ofTopics = new LinkedHashMap<>();
        for (PartitionInfo partition : changed) {
            ofTopics.computeIfAbsent(
                            partition.topicName(),
                            name -> new ArrayList<>(existing(name).partitions()))
                    .set(partition.index(), partition);
        }
        PersistentMap<TopicInfo> byName = topics;
        for (Map.Entry<String, List<PartitionInfo>> topic : ofTopics.entrySet()) {
            byName = byName.with(topic.getKey(), existing(topic.getKey()).withPartitions(topic.getValue()));
        }
        return new MetadataImage(appliedIndex, cluster, byName, partitions.with(changed), groups, next);
    }

    private TopicInfo existing(String topic) {
        return Objects.requireNonNull(topics.get(topic), topic);
    }

    MetadataImage withoutTopic(TopicInfo topic) {
        return new MetadataImage(
                appliedIndex,
                cluster,
                topics.without(topic.name()),
                partitions.without(topic.partitions()),
                groups,
                next);
    }

    MetadataImage withGroup(GroupInfo group) {
        return new MetadataImage(appliedIndex, cluster, topics, partitions, groups.with(group.name(), group), next);
    }

    MetadataImage withoutGroup(GroupInfo group) {
        return new MetadataImage(appliedIndex, cluster, topics, partitions, groups.without(group.name()), next);
    }
}
