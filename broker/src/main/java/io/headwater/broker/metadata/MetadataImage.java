package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything the metadata log says up to one index, immutable and cheap to replace: versions share their structure.
 * Safe for any thread.
 */
public final class MetadataImage {
    private final long appliedIndex;
    private final String clusterId;
    private final @Nullable NodeInfo node;
    private final PersistentMap<TopicInfo> topics;
    private final PartitionTable partitions;
    private final PersistentMap<GroupInfo> groups;
    private final NextIds next;

    /** The ids that the next new thing of each kind will get; none is ever given twice, on which storage relies. */
    record NextIds(long producerId, int topicId, long partitionId, int groupId) {
        static final NextIds FIRST = new NextIds(1, 1, 1, 1);
    }

    MetadataImage(
            long appliedIndex,
            String clusterId,
            @Nullable NodeInfo node,
            PersistentMap<TopicInfo> topics,
            PartitionTable partitions,
            PersistentMap<GroupInfo> groups,
            NextIds next) {
        this.appliedIndex = appliedIndex;
        this.clusterId = clusterId;
        this.node = node;
        this.topics = topics;
        this.partitions = partitions;
        this.groups = groups;
        this.next = next;
    }

    /** A cluster in which nothing has happened yet. */
    public static MetadataImage empty(String clusterId) {
        return new MetadataImage(
                0, clusterId, null, PersistentMap.empty(), PartitionTable.EMPTY, PersistentMap.empty(), NextIds.FIRST);
    }

    public long appliedIndex() {
        return appliedIndex;
    }

    public String clusterId() {
        return clusterId;
    }

    /** The broker that registered last; null before the first registration. */
    public @Nullable NodeInfo node() {
        return node;
    }

    public @Nullable TopicInfo topic(String name) {
        return topics.get(name);
    }

    /** In constant time, without allocation. */
    public @Nullable PartitionInfo partition(long partitionId) {
        return partitions.get(partitionId);
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

    /** Producer ids from here on were never given to anyone. */
    public long nextProducerId() {
        return next.producerId();
    }

    NextIds next() {
        return next;
    }

    MetadataImage at(long index) {
        return new MetadataImage(index, clusterId, node, topics, partitions, groups, next);
    }

    MetadataImage withNext(NextIds ids) {
        return new MetadataImage(appliedIndex, clusterId, node, topics, partitions, groups, ids);
    }

    MetadataImage withNode(NodeInfo registered) {
        return new MetadataImage(appliedIndex, clusterId, registered, topics, partitions, groups, next);
    }

    /** With this topic new or in place of the one of the same name, which may only have had fewer partitions. */
    MetadataImage withTopic(TopicInfo topic) {
        return new MetadataImage(
                appliedIndex,
                clusterId,
                node,
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
        return new MetadataImage(appliedIndex, clusterId, node, byName, partitions.with(theirs), groups, next);
    }

    /** With every partition's epoch one higher. */
    MetadataImage withNextEpochs() {
        List<TopicInfo> raised = topics.values();
        raised.replaceAll(topic -> topic.withPartitions(topic.partitions().stream()
                .map(partition -> partition.withEpoch(partition.epoch() + 1))
                .toList()));
        return withTopics(raised);
    }

    MetadataImage withoutTopic(TopicInfo topic) {
        return new MetadataImage(
                appliedIndex,
                clusterId,
                node,
                topics.without(topic.name()),
                partitions.without(topic.partitions()),
                groups,
                next);
    }

    MetadataImage withGroup(GroupInfo group) {
        return new MetadataImage(
                appliedIndex, clusterId, node, topics, partitions, groups.with(group.name(), group), next);
    }

    MetadataImage withoutGroup(GroupInfo group) {
        return new MetadataImage(appliedIndex, clusterId, node, topics, partitions, groups.without(group.name()), next);
    }
}
