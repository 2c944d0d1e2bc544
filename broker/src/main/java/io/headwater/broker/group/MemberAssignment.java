package io.headwater.broker.group;

import java.util.List;

/**
 * What a member may read now.
 *
 * @param generation of this member; rises with every change
 */
public record MemberAssignment(
        String group, String memberId, long connectionId, int generation, List<AssignedPartition> partitions) {
    public MemberAssignment {
        partitions = List.copyOf(partitions);
    }

    /**
     * @param sinceGeneration the member's generation when it got the partition or when its position was last set by a
     *     seek: commits of earlier generations are refused
     */
    public record AssignedPartition(long partitionId, int sinceGeneration) {}
}
