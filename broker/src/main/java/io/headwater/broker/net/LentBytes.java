package io.headwater.broker.net;

import io.netty.channel.DefaultFileRegion;
import java.nio.channels.FileChannel;

/**
 * A piece of a file that a connection sends without copying it through this process (sendfile). {@link #giveBack} runs
 * once, on the event loop, when the last byte has left or the connection is gone.
 */
public final class LentBytes {
    private final FileChannel channel;
    private final long position;
    private final int size;
    private final Runnable giveBack;

    public LentBytes(FileChannel channel, long position, int size, Runnable giveBack) {
        this.channel = channel;
        this.position = position;
        this.size = size;
        this.giveBack = giveBack;
    }

    public int size() {
        return size;
    }

    void giveBack() {
        giveBack.run();
    }

    /** The caller releases it, which gives the bytes back. */
    DefaultFileRegion asRegion() {
        return new Region(channel, position, size, giveBack);
    }

    /** Netty closes the file of its own region on release; this one belongs to the log. */
    private static final class Region extends DefaultFileRegion {
        private final Runnable giveBack;

        Region(FileChannel channel, long position, long count, Runnable giveBack) {
            super(channel, position, count);
            this.giveBack = giveBack;
        }

        @Override
        protected void deallocate() {
            giveBack.run();
        }
    }
}
