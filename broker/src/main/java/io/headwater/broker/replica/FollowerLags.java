package io.headwater.broker.replica;

/** Hears how far the others are behind a leader. */
public interface FollowerLags {
    /**
     * @param votes or learns
     * @param entries that are on the leader's disk, and that the follower has not said to be on its own
     * @param behindMs for how long it has lacked something that was on the leader's disk; 0: it lacks nothing that was there
     *     when somebody last asked
     */
    void follower(int node, boolean votes, long entries, long behindMs);
}
