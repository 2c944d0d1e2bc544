package io.headwater.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;

/**
 * A pooled buffer that an owner fills and a connection sends. Whoever has it either hands it on or calls {@link
 * #release}. Not thread-safe; may be passed on.
 */
public final class CopiedBytes {
    private ByteBuf bytes;
    private ByteBuffer target;

    private CopiedBytes(ByteBuf bytes) {
        this.bytes = bytes;
        this.target = bytes.internalNioBuffer(0, bytes.capacity()).slice();
    }

    public static CopiedBytes allocate(int capacity) {
        return new CopiedBytes(PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity));
    }

    /** Where to write: from its position on, up to its limit. Lent until this is handed on or released. */
    public ByteBuffer target() {
        return target;
    }

    /** Makes room for so many bytes more; {@link #target} may be another one then. */
    public void ensureRoom(int more) {
        if (target.remaining() >= more) {
            return;
        }
        CopiedBytes larger = allocate(Math.max(2 * target.capacity(), Math.addExact(size(), more)));
        larger.target.put(target.flip());
        bytes.release();
        bytes = larger.bytes;
        target = larger.target;
    }

    /** How much was written. */
    public int size() {
        return target.position();
    }

    public void release() {
        bytes.release();
    }

    /** The caller takes the buffer. */
    ByteBuf take() {
        return bytes.writerIndex(target.position());
    }
}
