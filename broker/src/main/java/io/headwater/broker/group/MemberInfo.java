package io.headwater.broker.group;

import java.util.List;
import java.util.Set;

/**
 * A member as people want to see it.
 *
 * @param joinedMs wall clock
 * @param partitionIds what it may read now, sorted
 */
public record MemberInfo(
        String memberId,
        String clientName,
        String address,
        long joinedMs,
        Set<String> topics,
        List<Long> partitionIds) {
    public MemberInfo {
        topics = Set.copyOf(topics);
        partitionIds = List.copyOf(partitionIds);
    }
}
