package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for votes soon after the process of the leading voter is gone, and not seconds later when its silence is noticed. The
 * other voters do so one after the other, so that they do not all vote for themselves. And lets another one lead before this
 * node stops.
 */
final class LeaderWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderWatch.class);
    private static final long TURN_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final int NOBODY = 0;

    private final VoterName self;
    private int gone = NOBODY;
    private int last = NOBODY;
    private long dueNs;

    LeaderWatch(VoterName self) {
        this.self = self;
    }

    /** Nobody listens any more on the leader's node. */
    void gone(int leader, List<String> voters, long nowNs) {
        int turn = 0;
        for (String voter : voters) {
            int node = VoterName.nodeOf(voter);
            if (node == self.node()) {
                break;
            }
            turn += node == leader ? 0 : 1;
        }
        gone = leader;
        dueNs = nowNs + turn * TURN_NS;
    }

    /** The node whose voter led before whoever leads now; 0: none is known. */
    int last() {
        return last;
    }

    /** This node's voter leads no longer: who led before it is long ago. */
    void leadsNoLonger() {
        last = NOBODY;
    }

    /** Returns 1 where it asked for votes. */
    int doWork(Voter voter, int leader, long nowNs) {
        last = leader == NOBODY || leader == self.node() ? last : leader;
        if (gone == NOBODY) {
            return 0;
        }
        if (leader != gone) {
            gone = NOBODY;
            return 0;
        }
        if (nowNs - dueNs < 0) {
            return 0;
        }
        gone = NOBODY;
        voter.startElection();
        return 1;
    }

    /** Another voter is to lead, one that is alive; any thread. */
    void handOver(Voter leading, MetadataImage image, long timeoutMs) throws InterruptedException {
        for (String name : leading.voters()) {
            NodeInfo node = image.node(VoterName.nodeOf(name));
            if (node == null || node.fenced() || node.nodeId() == self.node()) {
                continue;
            }
            try {
                leading.handOver(name, timeoutMs).toCompletableFuture().get(timeoutMs, TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.info("cluster: the metadata's lead could not be handed over; the others elect: {}", e.toString());
            }
            return;
        }
    }

    long nextInNs(long nowNs) {
        return gone == NOBODY ? Long.MAX_VALUE : Math.max(0, dueNs - nowNs);
    }
}
