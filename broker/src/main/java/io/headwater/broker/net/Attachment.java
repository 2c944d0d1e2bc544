package io.headwater.broker.net;

import io.headwater.protocol.Frame;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The bytes of a produce frame as received, shared by the owners of the partitions that they are meant for. The last
 * one to let go gives the memory back. Thread-safe, except that each part of the bytes belongs to one owner.
 */
public final class Attachment {
    private final Connection connection;
    private final ByteBuf bytes;
    private final AtomicInteger holders = new AtomicInteger(1);

    private Attachment(Connection connection, ByteBuf bytes) {
        this.connection = connection;
        this.bytes = bytes;
    }

    public static int sizeOf(Frame frame) {
        return frame.attachment().readableBytes();
    }

    /** Takes the frame's attachment; the frame needs no release any more. The first holder is the caller. */
    public static Attachment of(Connection connection, Frame frame) {
        return new Attachment(connection, frame.attachment());
    }

    /**
     * From position 0 to the limit; writable. Lent until {@link #release}. Each call makes a view, because reading moves
     * its position: owners on several threads must not share one.
     */
    public ByteBuffer view() {
        return bytes.nioBuffer();
    }

    /** One more holder, who must release it too. */
    public void retain(int more) {
        holders.addAndGet(more);
    }

    public void release() {
        if (holders.decrementAndGet() == 0) {
            int size = bytes.readableBytes();
            bytes.release();
            connection.finished(size);
        }
    }
}
