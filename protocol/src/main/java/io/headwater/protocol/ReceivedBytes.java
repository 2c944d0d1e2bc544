package io.headwater.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;

/**
 * Bytes as they came from a socket, in order, not yet made into frames.
 *
 * <p>Why not Netty's cumulation: that one copies a large frame again each time it grows. Here the reads of an
 * unfinished frame are kept as they are, and put together once, when all of it is there; a frame that lies within one
 * read is not copied at all. A read that leaves most of its buffer empty is copied into a shared tail instead, so that
 * a peer that sends byte by byte pins bytes and not buffers. Not thread-safe.
 */
public final class ReceivedBytes {
    private static final int TAIL_BYTES = 8 * 1024;

    private final ArrayDeque<ByteBuf> reads = new ArrayDeque<>();
    private int readableBytes;

    /** Takes the bytes. */
    public void add(ByteBuf bytes, ByteBufAllocator alloc) {
        readableBytes += bytes.readableBytes();
        if (!reads.isEmpty() && bytes.readableBytes() < bytes.capacity() / 2) {
            copyToTail(bytes, alloc);
            return;
        }
        reads.add(bytes);
    }

    private void copyToTail(ByteBuf bytes, ByteBufAllocator alloc) {
        try {
            ByteBuf tail = reads.getLast();
            // Frames taken from a tail share its memory, but only what lies before its writer index.
            int fits = Math.min(tail.writableBytes(), bytes.readableBytes());
            if (fits > 0 && tail.refCnt() == 1 && !tail.isReadOnly()) {
                tail.writeBytes(bytes, fits);
            }
            if (bytes.isReadable()) {
                ByteBuf fresh = alloc.directBuffer(Math.max(TAIL_BYTES, bytes.readableBytes()));
                reads.add(fresh.writeBytes(bytes));
            }
        } finally {
            bytes.release();
        }
    }

    public int readableBytes() {
        return readableBytes;
    }

    /** The next four bytes, big endian, without consuming them. */
    public int peekInt() {
        ByteBuf first = reads.getFirst();
        if (first.readableBytes() >= Integer.BYTES) {
            return first.getInt(first.readerIndex());
        }
        int value = 0;
        int missing = Integer.BYTES;
        for (ByteBuf read : reads) {
            int n = Math.min(missing, read.readableBytes());
            for (int i = 0; i < n; i++) {
                value = value << 8 | read.getUnsignedByte(read.readerIndex() + i);
            }
            missing -= n;
            if (missing == 0) {
                break;
            }
        }
        return value;
    }

    /** Consumes that many bytes, contiguous. The caller owns the result. */
    public ByteBuf take(int bytes, ByteBufAllocator alloc) {
        readableBytes -= bytes;
        ByteBuf first = reads.getFirst();
        if (first.readableBytes() == bytes) {
            return reads.removeFirst();
        }
        if (first.readableBytes() > bytes) {
            return first.readRetainedSlice(bytes);
        }
        ByteBuf whole = alloc.directBuffer(bytes, bytes);
        while (whole.isWritable()) {
            ByteBuf next = reads.getFirst();
            next.readBytes(whole, Math.min(next.readableBytes(), whole.writableBytes()));
            if (!next.isReadable()) {
                reads.removeFirst().release();
            }
        }
        return whole;
    }

    /** Consumes as many bytes as the target has. */
    public void take(byte[] target) {
        readableBytes -= target.length;
        int at = 0;
        while (at < target.length) {
            ByteBuf next = reads.getFirst();
            int length = Math.min(next.readableBytes(), target.length - at);
            next.readBytes(target, at, length);
            at += length;
            if (!next.isReadable()) {
                reads.removeFirst().release();
            }
        }
    }

    /** Releases what is held. */
    public void clear() {
        readableBytes = 0;
        for (ByteBuf read = reads.poll(); read != null; read = reads.poll()) {
            read.release();
        }
    }
}
