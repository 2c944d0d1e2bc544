package io.headwater.broker.net;

import io.netty.channel.Channel;

/**
 * Decides whether a connection's socket is read. It is not while the connection has too many requests unanswered, holds
 * too many received bytes, does not take its replies, or holds more than a small share while all connections together
 * are over their bound. Then the peer's own send buffer fills: backpressure without a message. On the event loop,
 * except {@link #isPaused}.
 */
final class ReadGate {
    /** Enough for 64 batches in flight on each of 64 partitions, one a frame. */
    static final int MAX_UNANSWERED = 4096;

    private final Channel channel;
    private final ClientConnection connection;
    private final InFlight total;
    private final long maxBytes;
    private final Runnable check = this::look;
    private int unanswered;
    private int unfinishedBytes;
    private volatile boolean paused;

    ReadGate(ClientConnection connection, InFlight total, int maxFrameBytes) {
        this.channel = connection.channel();
        this.connection = connection;
        this.total = total;
        // At least two frames, so that a connection is never stopped in the middle of the frame that would free it.
        this.maxBytes = Math.max(32L * 1024 * 1024, 2L * maxFrameBytes);
    }

    /** Look again; any thread may ask the event loop to run it. */
    Runnable check() {
        return check;
    }

    boolean isPaused() {
        return paused;
    }

    void asked() {
        unanswered++;
    }

    void answered() {
        unanswered--;
        if (paused && unanswered == MAX_UNANSWERED / 2) {
            look();
        }
    }

    /** So many bytes of an unfinished frame are held now. */
    void unfinished(int bytes) {
        if (bytes != unfinishedBytes) {
            total.add(bytes - unfinishedBytes);
            unfinishedBytes = bytes;
        }
    }

    int unfinishedBytes() {
        return unfinishedBytes;
    }

    /** The channel is closed. */
    void closed() {
        unfinished(0);
        total.forget(connection);
    }

    private void look() {
        boolean before = paused;
        // Set before looking: an owner that gives bytes back afterwards sees it and asks for another look.
        paused = true;
        boolean after = mustPause(before);
        paused = after;
        if (after != before) {
            channel.config().setAutoRead(!after);
            if (after) {
                total.paused();
            }
        }
    }

    private boolean mustPause(boolean before) {
        long held = unfinishedBytes + connection.attachmentBytes();
        boolean crowdedOut = held > InFlight.FREE_SHARE_BYTES && total.isOver();
        if (crowdedOut) {
            total.await(connection);
        }
        long own = before ? maxBytes / 2 : maxBytes;
        return crowdedOut || held > own || unanswered > MAX_UNANSWERED || !channel.isWritable();
    }
}
