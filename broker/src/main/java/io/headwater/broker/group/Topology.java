package io.headwater.broker.group;

import java.util.List;

/** Which partitions a topic has now. */
public interface Topology {
    /** Partition ids in the order of their indexes; none where there is no such topic. */
    List<Long> partitionsOf(String topic);

    /** False once its topic is deleted. */
    boolean exists(long partitionId);
}
