package io.headwater.broker.peer;

import io.headwater.broker.observe.PeerFigures;
import java.util.List;

/** A broker's whole side of the network between brokers: it listens from the start, and says who it is once it knows. */
public interface PeerSide extends Peers, AutoCloseable {
    /** Where it listens. */
    int port();

    /** This broker is a member now. From here on members are heard, and may be talked to. */
    void identity(String clusterId, int nodeId);

    /** Of the nodes that are known, by number. Any thread. */
    List<PeerFigures> figures();

    /** Nothing comes in and nothing goes out any more; what was queued is dropped. Not from a thread of the network. */
    @Override
    void close();
}
