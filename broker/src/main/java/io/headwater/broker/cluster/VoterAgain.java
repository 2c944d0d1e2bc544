package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts a voter again whose log could not be written: where its disk was full, and has room again, it goes on from what it
 * had. On the owner's thread.
 */
final class VoterAgain {
    private static final Logger LOG = LoggerFactory.getLogger(VoterAgain.class);
    private static final long EVERY_NS = TimeUnit.SECONDS.toNanos(5);

    private boolean isWanted;
    private long dueNs;

    /**
     * Closes one that has ended.
     *
     * @param mayGoOn what it voted and agreed to still counts
     */
    void ended(Voter voter, boolean mayGoOn, long nowNs) {
        isWanted = mayGoOn && voter.isBroken();
        dueNs = nowNs + EVERY_NS;
        try {
            voter.close();
        } catch (UncheckedIOException e) {
            LOG.warn("cluster: the voter that has ended could not be closed in order", e);
        }
    }

    /** For a node without a voter; null: none is to be started now, or it cannot be yet. */
    @Nullable
    Voter start(Member member, long nowNs) {
        if (!isWanted || nowNs - dueNs < 0) {
            return null;
        }
        dueNs = nowNs + EVERY_NS;
        try {
            Voter started = member.startVoter(true, List.of());
            LOG.info("cluster: the voter of this node is started again");
            isWanted = false;
            return started;
        } catch (IOException e) {
            LOG.warn("cluster: the voter of this node cannot be started again yet: {}", e.getMessage());
            return null;
        }
    }

    long nextInNs(long nowNs) {
        return isWanted ? Math.max(0, dueNs - nowNs) : Long.MAX_VALUE;
    }
}
