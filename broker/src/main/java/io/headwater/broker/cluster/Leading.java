package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.FeatureLevels;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.ControllerCodec;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.Heartbeat;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What only the node of the leading voter does. All of it is soft: whoever leads next starts anew, and two at once do no harm.
 * On the owner's thread.
 */
final class Leading {
    private static final Logger LOG = LoggerFactory.getLogger(Leading.class);

    /** This thread was held up for so long that others' signs of life may have been as well. */
    private static final long DEAF_NS = TimeUnit.SECONDS.toNanos(1);

    /** Voters hear of a new controller from itself. */
    private static final int FIRST_BEATS_OF_VOTERS = 2;
    /** It was silent for long already; or it hears within a beat that it leads no longer. */
    private static final double FIRST_BEATS_OF_PREDECESSOR = 1.5;
    /** Others have to find out first that the last one is gone. */
    private static final int FIRST_BEATS = 4;

    private final Member member;
    private final Sessions sessions;
    private final ControllerDesk desk;
    private final VoterSeats seats;
    private final Moves moves;
    private final PictureCheck pictures;
    private final Voter quorum;
    private final Consumer<Command.Builder> propose;
    private final long heartbeatNs;
    /** Of which it has been said: what is proposed may have to be proposed again. */
    private final Set<Leader> fencing = new HashSet<>();

    private final Set<Leader> returning = new HashSet<>();
    private boolean levelsProposed;
    private MetadataImage image;
    private long turnNs;

    /** @param predecessor the node that led before; 0: not known */
    Leading(
            Member member,
            Voter quorum,
            int predecessor,
            Consumer<Command.Builder> propose,
            PictureMarks marks,
            MetadataImage image,
            long nowNs) {
        ClusterSettings.Timing timing = member.settings().timing();
        Peers peers = member.ports().peers();
        this.member = member;
        this.heartbeatNs = TimeUnit.MILLISECONDS.toNanos(timing.heartbeatMs());
        this.sessions = new Sessions(timing.sessionMs());
        this.desk = new ControllerDesk(
                member.settings().controller(), peers, new Handback(timing.handbackMs(), nowNs), propose, image, nowNs);
        this.seats = new VoterSeats(peers, member.mailbox(), quorum, timing.voterLostMs(), nowNs);
        this.moves = new Moves(timing.voterLostMs(), nowNs);
        this.pictures = new PictureCheck(marks);
        this.quorum = quorum;
        this.propose = propose;
        this.image = image;
        this.turnNs = nowNs;
        sessions.onImage(image, nowNs);
        for (NodeInfo node : image.nodes()) {
            sessions.expectWithin(node.nodeId(), FIRST_BEATS * heartbeatNs, nowNs);
        }
        for (String voter : quorum.voters()) {
            sessions.expectWithin(VoterName.nodeOf(voter), FIRST_BEATS_OF_VOTERS * heartbeatNs, nowNs);
        }
        sessions.expectWithin(predecessor, (long) (FIRST_BEATS_OF_PREDECESSOR * heartbeatNs), nowNs);
        moves.onImage(image, nowNs);
        LOG.info("cluster: node {} is the controller from metadata index {} on", member.nodeId(), image.appliedIndex());
    }

    void onImage(MetadataImage next, long nowNs) {
        image = next;
        sessions.onImage(next, nowNs);
        desk.onImage(next, nowNs);
        moves.onImage(next, nowNs);
        pictures.onImage(next);
    }

    void heard(Heartbeat heartbeat, long nowNs) {
        sessions.heard(heartbeat.getNodeId(), heartbeat.getIncarnation(), nowNs);
        pictures.heard(heartbeat, image, nowNs);
    }

    void receive(List<ControllerCodec.Received> says, long nowNs) {
        desk.receive(says, nowNs);
    }

    ControllerDesk desk() {
        return desk;
    }

    Moves moves() {
        return moves;
    }

    PictureCheck pictures() {
        return pictures;
    }

    void gone(int node) {
        if (node != member.nodeId()) {
            sessions.gone(node);
        }
    }

    /** Whether this incarnation of a node is heard of at this very time: its process cannot have ended. */
    boolean isHeardOf(int node, long incarnation, long nowNs) {
        return sessions.heardWithin(node, incarnation, 2 * heartbeatNs, nowNs);
    }

    int doWork(long nowNs) {
        long sinceNs = nowNs - turnNs;
        turnNs = nowNs;
        if (sinceNs >= DEAF_NS) {
            sessions.wereDeaf(sinceNs);
        }
        NodeInfo me = member.registered(image);
        if (me == null) {
            return 0; // it starts, and may be about to say what the cluster begins with
        }
        sessions.heard(me.nodeId(), me.incarnation(), nowNs);
        int work = firstLevels();
        for (NodeInfo node : sessions.silent(image, nowNs)) {
            returning.remove(node.leader());
            if (fencing.add(node.leader())) {
                LOG.warn("cluster: node {} is not heard of any more, and is fenced", node.nodeId());
            }
            propose.accept(Commands.fence(node));
            desk.nodeLost(node);
            work++;
        }
        for (NodeInfo node : sessions.back(image, nowNs)) {
            fencing.remove(node.leader());
            if (returning.add(node.leader())) {
                LOG.info("cluster: node {} is heard of again", node.nodeId());
            }
            propose.accept(Commands.unfence(node));
            work++;
        }
        List<Integer> voters = quorum.voters().stream().map(VoterName::nodeOf).toList();
        work += desk.carryOut(moves.next(image, voters, nowNs));
        return work + desk.doWork(nowNs) + seats.doWork(image, nowNs);
    }

    /** While it is alone, the founder lets the cluster use all that it can do; what comes later an operator does. */
    private int firstLevels() {
        if (image.nodes().size() != 1 || levelsProposed) {
            return 0;
        }
        levelsProposed = true;
        SortedMap<String, Integer> possible = FeatureLevels.higher(image);
        possible.keySet().removeIf(name -> image.featureLevel(name) > 0);
        possible.forEach((name, level) -> propose.accept(Commands.feature(name, level)));
        return possible.size();
    }

    long nextInNs(long nowNs) {
        return Math.min(Math.min(sessions.nextInNs(nowNs), desk.nextInNs(nowNs)), seats.nextInNs(nowNs));
    }
}
