package io.headwater.broker.cluster;

import io.headwater.broker.peer.ControllerCodec;
import io.headwater.broker.peer.PeerHandler;
import io.headwater.broker.peer.wire.PeerMessage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * Where a member's mail waits for its owner's turn. It is there before the member is, so that mail that comes early waits
 * too. Any thread.
 */
public final class ClusterMailbox implements PeerHandler {
    private static final int MOST_PER_TURN = 4_096;

    private final Queue<Consumer<ClusterMetadata>> mail = new ConcurrentLinkedQueue<>();
    private final Runnable wake;

    /** @param wake wakes the thread that is to call {@link ClusterMetadata#doWork}; run by any thread, must not block */
    public ClusterMailbox(Runnable wake) {
        this.wake = wake;
    }

    /**
     * Takes heartbeats and what replicas say to the controller; anything else is nobody's here.
     *
     * @throws io.headwater.broker.peer.BadPeerMessageException if it is not well formed
     */
    @Override
    public void received(int node, PeerMessage message, ByteBuffer attachment) {
        if (message.hasHeartbeat()) {
            add(member -> member.heard(message.getHeartbeat()));
        } else if (message.hasToController()) {
            List<ControllerCodec.Received> says = message.getToController().getSaysList().stream()
                    .map(ControllerCodec::decode)
                    .toList();
            add(member -> member.told(says));
        }
    }

    @Override
    public void asked(int node, PeerMessage question, ByteBuffer attachment, Consumer<PeerMessage> answer) {
        add(member -> member.asked(node, question, answer));
    }

    @Override
    public void disconnected(int node, boolean refused) {
        add(member -> member.disconnected(node, refused));
    }

    void execute(Runnable work) {
        add(member -> work.run());
    }

    private void add(Consumer<ClusterMetadata> item) {
        mail.add(item);
        wake.run();
    }

    /** The owner has something to do, though nothing is in here. */
    void wake() {
        wake.run();
    }

    /** On the owner's thread; returns how much there was. */
    int drain(ClusterMetadata member) {
        int taken = 0;
        while (taken < MOST_PER_TURN) {
            Consumer<ClusterMetadata> item = mail.poll();
            if (item == null) {
                break;
            }
            item.accept(member);
            taken++;
        }
        return taken;
    }
}
