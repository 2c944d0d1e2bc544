package io.headwater.broker.metadata;

import java.util.List;

/**
 * A topic and its partitions.
 *
 * @param id unique for ever, never reused: a topic made again under the same name is another one
 * @param partitions in the order of their indexes; immutable
 */
public record TopicInfo(int id, String name, TopicPolicy policy, List<PartitionInfo> partitions, long createdMs) {
    public TopicInfo {
        partitions = List.copyOf(partitions);
    }
}
