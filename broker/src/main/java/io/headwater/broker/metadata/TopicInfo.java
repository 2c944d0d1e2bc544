package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A topic and its partitions.
 *
 * @param id unique for ever, never reused: a topic made again under the same name is another one
 * @param replication how many copies of each partition, and how many of them make an entry committed
 * @param partitions in the order of their indexes; immutable
 * @param queueGroups in the order in which they were made, with policies that know whether the topic has a dead-letter
 *     topic; immutable
 */
public record TopicInfo(
        int id,
        String name,
        TopicPolicy policy,
        Replication replication,
        List<PartitionInfo> partitions,
        List<QueueGroupInfo> queueGroups,
        long createdMs) {
    /**
     * As whoever made the topic asked for it.
     *
     * @param replicas 0: as many as the cluster's size suggests
     * @param writeQuorum 0: a majority of the voters
     */
    public record Replication(int replicas, int writeQuorum) {
        /** How many of so many voters must have an entry on their disks; never fewer than a majority. */
        public int quorumOf(int voters) {
            return Math.max(voters / 2 + 1, Math.min(writeQuorum, voters));
        }
    }

    public TopicInfo {
        partitions = List.copyOf(partitions);
        queueGroups = followed(queueGroups, policy.work().hasDeadLetter());
    }

    private static List<QueueGroupInfo> followed(List<QueueGroupInfo> groups, boolean deadLetters) {
        List<QueueGroupInfo> all = new ArrayList<>(groups.size());
        boolean changed = false;
        for (QueueGroupInfo group : groups) {
            boolean differs = group.policy().deadLetters() != deadLetters;
            all.add(differs ? group.with(group.policy().withDeadLetters(deadLetters), group.leaseMs()) : group);
            changed |= differs;
        }
        // The same list as long as nothing changes: owners compare it by identity.
        return List.copyOf(changed ? all : groups);
    }

    public @Nullable QueueGroupInfo queueGroup(String groupName) {
        for (QueueGroupInfo group : queueGroups) {
            if (group.name().equals(groupName)) {
                return group;
            }
        }
        return null;
    }

    public @Nullable QueueGroupInfo queueGroup(int groupId) {
        for (QueueGroupInfo group : queueGroups) {
            if (group.id() == groupId) {
                return group;
            }
        }
        return null;
    }

    TopicInfo with(TopicPolicy newPolicy) {
        return new TopicInfo(id, name, newPolicy, replication, partitions, queueGroups, createdMs);
    }

    TopicInfo withPartitions(List<PartitionInfo> newPartitions) {
        return new TopicInfo(id, name, policy, replication, newPartitions, queueGroups, createdMs);
    }

    /** With this group at the end, or in place of the one with its id. */
    TopicInfo with(QueueGroupInfo group) {
        List<QueueGroupInfo> groups = new ArrayList<>(queueGroups);
        groups.removeIf(old -> old.id() == group.id());
        groups.add(group);
        return new TopicInfo(id, name, policy, replication, partitions, groups, createdMs);
    }

    TopicInfo without(QueueGroupInfo group) {
        List<QueueGroupInfo> groups = new ArrayList<>(queueGroups);
        groups.remove(group);
        return new TopicInfo(id, name, policy, replication, partitions, groups, createdMs);
    }
}
