package io.headwater.broker.consensus;

import java.io.IOException;

/** How the voter of a node is started, and where it keeps what it must not forget. */
@FunctionalInterface
public interface Voters {
    /**
     * @param used whether it has been started before, and may have voted
     * @param news wakes the owner; run by any thread
     * @throws IOException also if what it has voted and agreed to cannot be read
     */
    Voter start(RatisQuorum.Membership membership, boolean used, Runnable news) throws IOException;
}
