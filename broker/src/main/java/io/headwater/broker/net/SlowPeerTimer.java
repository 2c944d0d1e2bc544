package io.headwater.broker.net;

import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives up a peer that does not shake hands, or that leaves a frame unfinished for long: both hold memory or a
 * descriptor for nothing. A connection at rest after the handshake has no timer. On the event loop only.
 */
final class SlowPeerTimer {
    static final int HANDSHAKE_SECONDS = 10;
    static final int FRAME_SECONDS = 30;

    private final EventLoop loop;
    private final Consumer<Error> giveUp;
    private @Nullable Future<?> timer;
    private boolean stopped;
    private boolean unfinished;
    /** A frame was finished since the timer was set. */
    private boolean moved;

    SlowPeerTimer(EventLoop loop, Consumer<Error> giveUp) {
        this.loop = loop;
        this.giveUp = giveUp;
    }

    void expectHandshake() {
        timer = loop.schedule(
                () -> giveUp.accept(
                        Errors.of(ErrorCode.ERROR_TIMEOUT, "handshake: none within " + HANDSHAKE_SECONDS + " s")),
                HANDSHAKE_SECONDS,
                TimeUnit.SECONDS);
    }

    /** After a read: so many bytes of an unfinished frame are held. */
    void unfinished(int bytes, boolean aFrameWasFinished) {
        unfinished = bytes > 0;
        moved |= aFrameWasFinished;
        if (unfinished && timer == null && !stopped) {
            moved = false;
            timer = loop.schedule(this::look, FRAME_SECONDS, TimeUnit.SECONDS);
        }
    }

    void handshaken() {
        cancel();
    }

    void stop() {
        stopped = true;
        cancel();
    }

    private void cancel() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void look() {
        timer = null;
        if (!unfinished) {
            return;
        }
        if (moved) {
            unfinished(1, false);
            return;
        }
        giveUp.accept(
                Errors.of(ErrorCode.ERROR_TIMEOUT, "frame: not finished within " + FRAME_SECONDS + " s of its start"));
    }
}
