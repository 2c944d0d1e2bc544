package io.headwater.broker.group;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The groups that have members. A group without members exists in the metadata and in the partitions' logs only, and
 * costs nothing here. Single-threaded; all times are of one monotonic clock, in milliseconds.
 */
public final class GroupCoordinator {
    private final Topology topology;
    private final long graceMs;
    private final long revocationMs;
    private final Map<String, StreamGroup> groups = new HashMap<>();
    private final Map<Long, Set<String>> groupsByConnection = new HashMap<>();
    private long nextDeadlineMs = Long.MAX_VALUE;

    /**
     * @param topology asked at every change; must reflect the present metadata
     * @param graceMs how long a member without a connection keeps its partitions
     * @param revocationMs how long a member keeps a partition that it was told to let go
     */
    public GroupCoordinator(Topology topology, long graceMs, long revocationMs) {
        this.topology = topology;
        this.graceMs = graceMs;
        this.revocationMs = revocationMs;
    }

    /** Makes the member one, or takes it back; its assignment is the answer. Others' come with {@link #takeChanges}. */
    public MemberAssignment join(String group, JoinRequest request, long nowMs) {
        StreamGroup joined =
                groups.computeIfAbsent(group, name -> new StreamGroup(name, topology, graceMs, revocationMs));
        joined.join(request, nowMs);
        groupsByConnection
                .computeIfAbsent(request.connectionId(), id -> new HashSet<>())
                .add(group);
        nextDeadlineMs = Math.min(nextDeadlineMs, joined.nextDeadlineMs());
        return Objects.requireNonNull(joined.assignment(request.memberId()));
    }

    /** A sign of life, and what the member still reads. Its own news, if it lags behind, come with the changes too. */
    public Verdict heartbeat(
            String group, String memberId, long connectionId, int generation, Collection<Long> owned, long nowMs) {
        StreamGroup there = groups.get(group);
        return there == null
                ? Verdict.UNKNOWN_MEMBER
                : there.heartbeat(memberId, connectionId, generation, owned, nowMs);
    }

    /** Gives everything up at once. */
    public Verdict leave(String group, String memberId, long connectionId, long nowMs) {
        StreamGroup there = groups.get(group);
        if (there == null) {
            return Verdict.UNKNOWN_MEMBER;
        }
        Verdict verdict = there.leave(memberId, connectionId, nowMs);
        nextDeadlineMs = Math.min(nextDeadlineMs, there.nextDeadlineMs());
        return verdict;
    }

    public Verdict mayCommit(String group, String memberId, long connectionId, int generation, long partitionId) {
        StreamGroup there = groups.get(group);
        return there == null
                ? Verdict.UNKNOWN_MEMBER
                : there.mayCommit(memberId, connectionId, generation, partitionId);
    }

    /** Fences commits that do not know of a seek of these partitions. Call it before the seek is on its way. */
    public void seek(String group, Collection<Long> partitions) {
        StreamGroup there = groups.get(group);
        if (there != null) {
            there.seek(partitions);
        }
    }

    public void connectionClosed(long connectionId, long nowMs) {
        Set<String> joined = groupsByConnection.remove(connectionId);
        if (joined == null) {
            return;
        }
        for (String name : joined) {
            StreamGroup group = groups.get(name);
            if (group != null) {
                group.connectionClosed(connectionId, nowMs);
                nextDeadlineMs = Math.min(nextDeadlineMs, group.nextDeadlineMs());
            }
        }
    }

    /** Groups are somebody else's from now on. */
    public void forgetAll() {
        groups.clear();
        groupsByConnection.clear();
        nextDeadlineMs = Long.MAX_VALUE;
    }

    public void topologyChanged(long nowMs) {
        for (StreamGroup group : groups.values()) {
            group.topologyChanged(nowMs);
            nextDeadlineMs = Math.min(nextDeadlineMs, group.nextDeadlineMs());
        }
    }

    /**
     * Fences the silent, and takes away what was not let go in time. Cheap while there is nothing.
     *
     * @return how many partitions were taken away from members that stay
     */
    public int tick(long nowMs) {
        if (nowMs < nextDeadlineMs) {
            return 0;
        }
        nextDeadlineMs = Long.MAX_VALUE;
        int taken = 0;
        for (StreamGroup group : groups.values()) {
            taken += group.tick(nowMs);
            nextDeadlineMs = Math.min(nextDeadlineMs, group.nextDeadlineMs());
        }
        return taken;
    }

    /** Assignments that members have to be told of, the newest of each, once. Groups that became empty are dropped. */
    public List<MemberAssignment> takeChanges() {
        List<MemberAssignment> changes = new ArrayList<>();
        groups.values().removeIf(group -> {
            changes.addAll(group.takeChanges());
            return group.isEmpty();
        });
        return changes;
    }

    /** Whether somebody of that id is in the group, connected or within its grace. */
    public boolean isMember(String group, String memberId) {
        StreamGroup there = groups.get(group);
        return there != null && there.isMember(memberId);
    }

    /** When {@link #tick} will have something to do if nothing is heard from anybody; far ahead: never. */
    public long nextDeadlineMs() {
        return nextDeadlineMs;
    }

    /** The member's present assignment; null: no such member. */
    public @Nullable MemberAssignment assignment(String group, String memberId) {
        StreamGroup there = groups.get(group);
        return there == null ? null : there.assignment(memberId);
    }

    /** Empty: nobody. */
    public List<MemberInfo> members(String group) {
        StreamGroup there = groups.get(group);
        return there == null ? List.of() : there.describe();
    }

    public int memberCount(String group) {
        StreamGroup there = groups.get(group);
        return there == null ? 0 : there.size();
    }
}
