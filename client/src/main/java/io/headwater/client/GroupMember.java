package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.client.link.Loop;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.JoinGroupReply;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer's membership: joins, and joins again after every loss of the connection, and where another broker became
 * the controller, with the same member id;
 * heartbeats; tells its owner what is assigned. On the loop.
 */
final class GroupMember {
    private static final Logger LOG = LoggerFactory.getLogger(GroupMember.class);

    /** Whoever reads the partitions. */
    interface Owner {
        /**
         * Comes before {@link #assigned}, while commits still name the generation before: partitions whose position
         * somebody has set have nothing to commit from here on.
         */
        void moved(Assignment assignment);

        void assigned(Assignment assignment);

        /** What is assigned is not ours any more, and nothing can be committed for it. */
        void expelled();

        /** Everything that is still read, and what is being given up. */
        List<Long> ownedPartitionIds();

        void failed(HeadwaterException why);
    }

    private final Cluster cluster;
    private final String group;
    private final List<String> topics;
    private final Owner owner;
    private volatile String memberId;
    private volatile int generation;
    private volatile boolean joined;
    private boolean joining;
    private boolean left;
    /** To the broker that let it in, which pushes what is assigned; null: none has. */
    private @Nullable Session session;

    private long heartbeatNs = 1_000_000_000;
    private Loop.@Nullable Timer heartbeat;
    private boolean heartbeatInFlight;
    private boolean heartbeatAgain;
    private int quietHeartbeats;

    GroupMember(Cluster cluster, String group, String memberId, List<String> topics, Owner owner) {
        this.cluster = cluster;
        this.group = group;
        this.memberId = memberId;
        this.topics = topics;
        this.owner = owner;
    }

    String group() {
        return group;
    }

    String memberId() {
        return memberId;
    }

    int generation() {
        return generation;
    }

    /** A heartbeat has been answered since the last change: what is assigned is not just on its way. */
    boolean isSettled() {
        return joined && quietHeartbeats > 0;
    }

    void join() {
        if (joining || left) {
            return;
        }
        joining = true;
        JoinGroup request = JoinGroup.newBuilder()
                .setGroup(group)
                .setMemberId(memberId)
                .setClientName(cluster.settings().name())
                .addAllTopics(topics)
                .build();
        Call[] call = new Call[1];
        call[0] = cluster.call(FrameType.JOIN_GROUP, request, Call.Repeat.SAFE, new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                session = call[0].session;
                joined((JoinGroupReply) message);
            }

            @Override
            public void failed(HeadwaterException why) {
                joining = false;
                owner.failed(why);
                if (!(why instanceof HeadwaterException.Rejected)) {
                    joinLater();
                }
            }
        });
    }

    /** Without a connection nothing is needed: joining comes first on the next. */
    private void joinLater() {
        if (heartbeat == null && !left && cluster.hasController()) {
            heartbeat = cluster.loop().schedule(heartbeatNs, () -> {
                heartbeat = null;
                join();
            });
        }
    }

    private void joined(JoinGroupReply reply) {
        joining = false;
        if (left) {
            return;
        }
        memberId = reply.getMemberId();
        heartbeatNs = Math.max(1, reply.getHeartbeatIntervalMs()) * 1_000_000L;
        LOG.debug("group {}: joined as {}", group, memberId);
        // A broker that was restarted may count generations from the start again: a reply to a join is always right.
        take(reply.getAssignment());
        schedule();
    }

    void lost(Session of) {
        if (of == session) {
            leaveSession();
        }
    }

    private void leaveSession() {
        session = null;
        joined = false;
        heartbeatInFlight = false;
        cancelTimer();
    }

    /** Joins where it has to and can. */
    void joinIfNeeded() {
        if (!joined && !joining && heartbeat == null && cluster.hasController()) {
            join();
        }
    }

    /** Pushed by the broker. */
    void pushed(Session from, Assignment assignment) {
        if (from == session
                && assignment.getGroup().equals(group)
                && assignment.getMemberId().equals(memberId)) {
            apply(assignment);
        }
    }

    private void apply(Assignment assignment) {
        if (joined && !left && assignment.getGeneration() > generation) {
            take(assignment);
            heartbeatNow();
        }
    }

    /**
     * The generation comes after what was moved, whose old positions must not be committed under it, and before what is
     * given up, which is committed under it, perhaps at once and by another thread.
     */
    private void take(Assignment assignment) {
        owner.moved(assignment);
        generation = assignment.getGeneration();
        joined = true;
        quietHeartbeats = 0;
        owner.assigned(assignment);
    }

    /** Tells the broker at once what is owned now. */
    void heartbeatNow() {
        Session with = session;
        if (!joined || with == null || !with.isReady()) {
            return;
        }
        if (heartbeatInFlight) {
            heartbeatAgain = true;
            return;
        }
        cancelTimer();
        heartbeatInFlight = true;
        GroupHeartbeat request = GroupHeartbeat.newBuilder()
                .setGroup(group)
                .setMemberId(memberId)
                .setGeneration(generation)
                .addAllOwnedPartitionIds(owner.ownedPartitionIds())
                .build();
        with.sendOnce(FrameType.GROUP_HEARTBEAT, request, List.of(), new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                answered((GroupHeartbeatReply) message);
            }

            @Override
            public void failed(HeadwaterException why) {
                refused(why);
            }
        });
        with.flush();
    }

    private void answered(GroupHeartbeatReply reply) {
        heartbeatInFlight = false;
        quietHeartbeats++;
        if (reply.hasAssignment()) {
            apply(reply.getAssignment());
        }
        if (heartbeatAgain) {
            heartbeatAgain = false;
            heartbeatNow();
        }
        schedule();
    }

    private void refused(HeadwaterException why) {
        heartbeatInFlight = false;
        heartbeatAgain = false;
        if (!joined || left) {
            return;
        }
        switch (why.code()) {
            case "UNKNOWN_MEMBER", "UNKNOWN_GROUP", "STALE_GENERATION" -> {
                LOG.info("group {}: member {} is not known any more ({}); joining again", group, memberId, why.code());
                joined = false;
                owner.expelled();
                join();
            }
            case "NOT_CONTROLLER" -> {
                LOG.info("group {}: another broker looks after member {} now; joining again", group, memberId);
                leaveSession();
                join();
            }
            default -> schedule();
        }
    }

    private void schedule() {
        if (heartbeat == null && !heartbeatInFlight && joined && !left) {
            heartbeat = cluster.loop().schedule(heartbeatNs, () -> {
                heartbeat = null;
                heartbeatNow();
            });
        }
    }

    private void cancelTimer() {
        if (heartbeat != null) {
            heartbeat.cancel();
            heartbeat = null;
        }
    }

    /** No more heartbeats; the caller says goodbye. */
    void stop() {
        left = true;
        cancelTimer();
    }

    boolean isJoined() {
        return joined;
    }
}
