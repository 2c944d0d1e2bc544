package io.headwater.broker.group;

import java.util.Set;

/**
 * A wish to be a member.
 *
 * @param memberId never empty: whoever is new gets an id before
 * @param joinedMs wall clock, for people
 */
public record JoinRequest(
        String memberId,
        long connectionId,
        String clientName,
        String address,
        Set<String> topics,
        long sessionTimeoutMs,
        long joinedMs) {
    public JoinRequest {
        topics = Set.copyOf(topics);
    }
}
