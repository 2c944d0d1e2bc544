package io.headwater.broker.peer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way out: a queue that any thread may fill and that the event loop empties, with one wake-up from empty
 * to non-empty and one flush for all that it finds. What does not fit is dropped, and then everything until half of it is
 * free: what is lost is one gap and not many. Owns the frames.
 */
final class Outbox {
    /**
     * Between two flushes, while more and more is offered: the first must not wait for the last. An encrypted connection takes
     * all that is written until then, and only a flush tells it that it is full.
     */
    private static final int FLUSH_BYTES = 256 * 1024;

    private static final int FLUSH_FRAMES = 256;

    private final EventLoop loop;
    private final long maxBytes;
    private final Runnable afterAGap;
    private final ManyToOneConcurrentLinkedQueue<ByteBuf> frames = new ManyToOneConcurrentLinkedQueue<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean wakePending = new AtomicBoolean();
    private final Runnable writeOut = this::writeOut;
    private volatile boolean full;
    private volatile boolean open = true;
    private @Nullable Channel channel;

    /** @param afterAGap run on the event loop when there is room again after something was dropped */
    Outbox(EventLoop loop, long maxBytes, Runnable afterAGap) {
        this.loop = loop;
        this.maxBytes = maxBytes;
        this.afterAGap = afterAGap;
    }

    /** Takes the frame. False: there is no room, and it is dropped. Any thread. */
    boolean offer(ByteBuf frame) {
        int size = frame.readableBytes();
        if (full || !open) {
            frame.release();
            return false;
        }
        long queued = bytes.addAndGet(size);
        // One frame always fits.
        if (queued > maxBytes && queued != size) {
            bytes.addAndGet(-size);
            frame.release();
            full = true;
            wake();
            return false;
        }
        frames.offer(frame);
        if (!open) {
            // Closed in between: the queue may have been emptied for the last time already.
            execute(this::clear);
            return false;
        }
        wake();
        return true;
    }

    boolean isEmpty() {
        return frames.isEmpty();
    }

    long bytes() {
        return bytes.get();
    }

    /** On the event loop: from now on frames leave through this channel. */
    void attach(Channel through) {
        channel = through;
        writeOut();
    }

    /** On the event loop: nothing leaves any more, and what waits is dropped. */
    void clear() {
        channel = null;
        for (ByteBuf next = frames.poll(); next != null; next = frames.poll()) {
            bytes.addAndGet(-next.readableBytes());
            next.release();
        }
        full = false;
    }

    /** On the event loop: {@link #clear}, for good. */
    void close() {
        open = false;
        clear();
    }

    /** On the event loop: writes as much as the channel takes; also to be called when it takes more. */
    void writeOut() {
        // Cleared first: what is offered from here on either is seen below or wakes again.
        wakePending.set(false);
        Channel to = channel;
        if (to != null) {
            writeTo(to);
        }
        if (full && bytes.get() <= maxBytes / 2) {
            full = false;
            afterAGap.run();
        }
    }

    private void writeTo(Channel to) {
        int unflushedBytes = 0;
        int unflushedFrames = 0;
        while (to.isWritable()) {
            ByteBuf next = frames.poll();
            if (next == null) {
                break;
            }
            int size = next.readableBytes();
            bytes.addAndGet(-size);
            unflushedBytes += size;
            unflushedFrames++;
            // A failure closes the connection, which is told to whoever cares; nobody waits for this write.
            ChannelFuture unused = to.write(next, to.voidPromise());
            if (unflushedBytes >= FLUSH_BYTES || unflushedFrames >= FLUSH_FRAMES) {
                to.flush();
                unflushedBytes = 0;
                unflushedFrames = 0;
            }
        }
        if (unflushedFrames > 0) {
            to.flush();
        }
    }

    private void wake() {
        if (wakePending.compareAndSet(false, true)) {
            execute(writeOut);
        }
    }

    private void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            // The broker has stopped its event loops.
            open = false;
        }
    }
}
