package io.headwater.broker.group;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One group: its members, who is to have which partition (the target), and who holds it. The two differ while partitions
 * move. The one rule that matters: a partition is granted only when nobody holds it, and a holder keeps it until it has
 * said, having applied an assignment without the partition, that it no longer reads it, or until it is fenced: with all
 * it has when it was silent for too long, from the one partition when it did not let that go in time.
 */
final class StreamGroup {
    private final String name;
    private final Topology topology;
    private final long graceMs;
    private final long revocationMs;
    private final SortedMap<String, Member> members = new TreeMap<>();
    private final Map<Long, Holding> holdings = new HashMap<>();
    private final Set<String> changed = new LinkedHashSet<>();
    private Map<Long, String> target = Map.of();

    private static final class Member {
        final String id;
        JoinRequest request;
        boolean connected = true;
        long deadlineMs;
        int generation;
        /** Granted and not taken back; sorted so that assignments read the same everywhere. */
        final TreeSet<Long> assigned = new TreeSet<>();
        /** Taken back and not yet let go. */
        final Set<Long> leaving = new HashSet<>();

        Member(JoinRequest request) {
            this.id = request.memberId();
            this.request = request;
        }
    }

    /** Somebody reads, or may still read, a partition. */
    private static final class Holding {
        final Member member;
        int sinceGeneration;
        /** The generation of the member in which the partition was taken back; 0: it is granted. */
        int revokedInGeneration;
        /** Where it was taken back: when it is the member's no longer, whatever that says. */
        long letGoByMs;

        Holding(Member member, int sinceGeneration) {
            this.member = member;
            this.sinceGeneration = sinceGeneration;
        }
    }

    StreamGroup(String name, Topology topology, long graceMs, long revocationMs) {
        this.name = name;
        this.topology = topology;
        this.graceMs = graceMs;
        this.revocationMs = revocationMs;
    }

    /** Enters, or comes back: whoever is known keeps what it has. */
    void join(JoinRequest request, long nowMs) {
        Member member = members.get(request.memberId());
        boolean sameTopics = member != null && member.request.topics().equals(request.topics());
        if (member == null) {
            member = new Member(request);
            members.put(member.id, member);
        }
        member.request = request;
        member.connected = true;
        member.deadlineMs = nowMs + request.sessionTimeoutMs();
        if (!sameTopics) {
            retarget(nowMs);
        }
        if (member.generation == 0) {
            // Even a member that gets nothing yet has an assignment: an empty one.
            member.generation = 1;
        }
        changed.remove(member.id);
    }

    Verdict heartbeat(String memberId, long connectionId, int generation, Collection<Long> owned, long nowMs) {
        Member member = live(memberId, connectionId);
        if (member == null) {
            return Verdict.UNKNOWN_MEMBER;
        }
        if (generation > member.generation) {
            return Verdict.IMPOSSIBLE_GENERATION;
        }
        member.deadlineMs = nowMs + member.request.sessionTimeoutMs();
        if (!member.leaving.isEmpty()) {
            letGo(member, generation, new HashSet<>(owned), nowMs);
        }
        if (generation < member.generation) {
            changed.add(member.id);
        }
        return Verdict.OK;
    }

    private void letGo(Member member, int generation, Set<Long> owned, long nowMs) {
        boolean any = false;
        for (Iterator<Long> leaving = member.leaving.iterator(); leaving.hasNext(); ) {
            Long partition = leaving.next();
            Holding holding = holdings.get(partition);
            boolean heard = holding != null && generation >= holding.revokedInGeneration;
            if (heard && !owned.contains(partition)) {
                holdings.remove(partition);
                leaving.remove();
                any = true;
            }
        }
        if (any) {
            reconcile(nowMs);
        }
    }

    Verdict leave(String memberId, long connectionId, long nowMs) {
        Member member = live(memberId, connectionId);
        if (member == null) {
            return Verdict.UNKNOWN_MEMBER;
        }
        fence(List.of(member), nowMs);
        return Verdict.OK;
    }

    void connectionClosed(long connectionId, long nowMs) {
        for (Member member : members.values()) {
            if (member.connected && member.request.connectionId() == connectionId) {
                member.connected = false;
                member.deadlineMs = Math.min(member.deadlineMs, nowMs + graceMs);
            }
        }
    }

    /**
     * Fences who was silent for too long, and takes away what was not let go in time.
     *
     * @return how many partitions were taken away from members that stay
     */
    int tick(long nowMs) {
        List<Member> silent = new ArrayList<>();
        for (Member member : members.values()) {
            if (nowMs >= member.deadlineMs) {
                silent.add(member);
            }
        }
        if (!silent.isEmpty()) {
            fence(silent, nowMs);
        }
        int taken = 0;
        for (Member member : members.values()) {
            taken += takeOverdue(member, nowMs);
        }
        if (taken > 0) {
            reconcile(nowMs);
        }
        return taken;
    }

    private int takeOverdue(Member member, long nowMs) {
        int before = member.leaving.size();
        member.leaving.removeIf(partition -> {
            boolean overdue = nowMs >= holding(partition).letGoByMs;
            if (overdue) {
                holdings.remove(partition);
            }
            return overdue;
        });
        return before - member.leaving.size();
    }

    private void fence(List<Member> gone, long nowMs) {
        for (Member member : gone) {
            members.remove(member.id);
            changed.remove(member.id);
            member.assigned.forEach(holdings::remove);
            member.leaving.forEach(holdings::remove);
        }
        retarget(nowMs);
    }

    /** Topics got partitions, or are gone. */
    void topologyChanged(long nowMs) {
        // What does not exist any more is nobody's, whatever its holder says.
        for (Member member : members.values()) {
            member.leaving.removeIf(partition -> !topology.exists(partition));
            if (member.assigned.removeIf(partition -> !topology.exists(partition))) {
                bump(member);
            }
        }
        holdings.keySet().removeIf(partition -> !topology.exists(partition));
        retarget(nowMs);
    }

    /** A commit counts only from the member that holds the partition, and only if it knows of the last seek. */
    Verdict mayCommit(String memberId, long connectionId, int generation, long partitionId) {
        Member member = live(memberId, connectionId);
        if (member == null) {
            return Verdict.UNKNOWN_MEMBER;
        }
        if (generation > member.generation) {
            return Verdict.IMPOSSIBLE_GENERATION;
        }
        Holding holding = holdings.get(partitionId);
        boolean holds = holding != null && holding.member == member && generation >= holding.sinceGeneration;
        return holds ? Verdict.OK : Verdict.STALE_GENERATION;
    }

    /** From now on commits that do not know of this seek are refused; the holder gets a new assignment. */
    void seek(Collection<Long> partitions) {
        Set<Member> concerned = new LinkedHashSet<>();
        for (Long partition : partitions) {
            Holding holding = holdings.get(partition);
            if (holding != null) {
                concerned.add(holding.member);
            }
        }
        concerned.forEach(this::bump);
        for (Long partition : partitions) {
            Holding holding = holdings.get(partition);
            if (holding != null) {
                holding.sinceGeneration = holding.member.generation;
            }
        }
    }

    private @Nullable Member live(String memberId, long connectionId) {
        Member member = members.get(memberId);
        return member != null && member.connected && member.request.connectionId() == connectionId ? member : null;
    }

    private void retarget(long nowMs) {
        SortedMap<String, Set<String>> subscriptions = new TreeMap<>();
        members.forEach((id, member) -> subscriptions.put(id, member.request.topics()));
        target = Assignor.assign(subscriptions, topology, target::get, partition -> {
            Holding holding = holdings.get(partition);
            return holding == null ? null : holding.member.id;
        });
        reconcile(nowMs);
    }

    /** Takes back what is to go elsewhere, and grants what nobody holds. One new generation per member that changes. */
    private void reconcile(long nowMs) {
        List<Long> toRevoke = new ArrayList<>();
        holdings.forEach((partition, holding) -> {
            if (holding.revokedInGeneration == 0 && !holding.member.id.equals(target.get(partition))) {
                toRevoke.add(partition);
            }
        });
        List<Long> toGrant = new ArrayList<>();
        target.forEach((partition, member) -> {
            Holding holding = holdings.get(partition);
            if (holding == null || (holding.revokedInGeneration != 0 && holding.member.id.equals(member))) {
                toGrant.add(partition);
            }
        });
        Set<Member> concerned = new LinkedHashSet<>();
        toRevoke.forEach(partition -> concerned.add(holding(partition).member));
        toGrant.forEach(partition -> concerned.add(targetMember(partition)));
        concerned.forEach(this::bump);
        toRevoke.forEach(partition -> revoke(partition, nowMs));
        toGrant.forEach(this::grant);
    }

    private void revoke(Long partition, long nowMs) {
        Holding holding = holding(partition);
        holding.revokedInGeneration = holding.member.generation;
        holding.letGoByMs = nowMs + revocationMs;
        holding.member.assigned.remove(partition);
        holding.member.leaving.add(partition);
    }

    private void grant(Long partition) {
        Member member = targetMember(partition);
        Holding holding = holdings.get(partition);
        if (holding == null) {
            holdings.put(partition, new Holding(member, member.generation));
        } else {
            // It was to go away from this very member and now is not.
            holding.revokedInGeneration = 0;
            member.leaving.remove(partition);
        }
        member.assigned.add(partition);
    }

    private Holding holding(Long partition) {
        Holding holding = holdings.get(partition);
        if (holding == null) {
            throw new IllegalStateException("group " + name + ": nobody holds partition " + partition);
        }
        return holding;
    }

    private Member targetMember(Long partition) {
        String id = target.get(partition);
        Member member = id == null ? null : members.get(id);
        if (member == null) {
            throw new IllegalStateException("group " + name + ": partition " + partition + " is for nobody");
        }
        return member;
    }

    private void bump(Member member) {
        member.generation++;
        changed.add(member.id);
    }

    /** The members whose assignment is news to them, once each. */
    List<MemberAssignment> takeChanges() {
        List<MemberAssignment> changes = new ArrayList<>(changed.size());
        changed.forEach(memberId -> {
            Member member = members.get(memberId);
            if (member != null && member.connected) {
                changes.add(assignment(member));
            }
        });
        changed.clear();
        return changes;
    }

    /** Null: no such member. */
    @Nullable
    MemberAssignment assignment(String memberId) {
        Member member = members.get(memberId);
        return member == null ? null : assignment(member);
    }

    private MemberAssignment assignment(Member member) {
        List<MemberAssignment.AssignedPartition> partitions = new ArrayList<>(member.assigned.size());
        for (Long partition : member.assigned) {
            partitions.add(new MemberAssignment.AssignedPartition(partition, holding(partition).sinceGeneration));
        }
        return new MemberAssignment(name, member.id, member.request.connectionId(), member.generation, partitions);
    }

    boolean isMember(String memberId) {
        return members.containsKey(memberId);
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    int size() {
        return members.size();
    }

    /** When the next member will be fenced, or lose a partition, if nothing is heard from it. */
    long nextDeadlineMs() {
        long next = Long.MAX_VALUE;
        for (Member member : members.values()) {
            next = Math.min(next, member.deadlineMs);
            for (Long partition : member.leaving) {
                next = Math.min(next, holding(partition).letGoByMs);
            }
        }
        return next;
    }

    List<MemberInfo> describe() {
        List<MemberInfo> all = new ArrayList<>(members.size());
        for (Member member : members.values()) {
            JoinRequest request = member.request;
            all.add(new MemberInfo(
                    member.id,
                    request.clientName(),
                    request.address(),
                    request.joinedMs(),
                    request.topics(),
                    List.copyOf(member.assigned)));
        }
        return all;
    }
}
