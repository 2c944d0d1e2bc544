package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A run of whole DATA entries in one segment, lent: the reader closes it, on any thread, exactly once. Until then the
 * segment's file stays open and its bytes stay as they are, even if retention removes the segment meanwhile.
 */
public final class LogSlice implements AutoCloseable {
    private static final AtomicIntegerFieldUpdater<LogSlice> CLOSED =
            AtomicIntegerFieldUpdater.newUpdater(LogSlice.class, "closed");

    private final @Nullable Segment segment;
    private final @Nullable SegmentFile file;
    private final long position;
    private final int sizeInBytes;
    private final long baseOffset;
    private final long nextOffset;

    @SuppressWarnings("UnusedVariable") // by the updater
    private volatile int closed;

    private LogSlice(
            @Nullable Segment segment,
            @Nullable SegmentFile file,
            long position,
            int sizeInBytes,
            long baseOffset,
            long nextOffset) {
        this.segment = segment;
        this.file = file;
        this.position = position;
        this.sizeInBytes = sizeInBytes;
        this.baseOffset = baseOffset;
        this.nextOffset = nextOffset;
    }

    static LogSlice empty(long nextOffset) {
        return new LogSlice(null, null, 0, 0, nextOffset, nextOffset);
    }

    /** The bytes from {@code position} to {@code end}, which hold the records from base to next offset. */
    static LogSlice of(Segment segment, long position, long end, long baseOffset, long nextOffset) throws IOException {
        SegmentFile file = segment.file();
        if (!file.tryRetain()) {
            throw new IllegalStateException("the owner's file is closed");
        }
        return new LogSlice(segment, file, position, (int) (end - position), baseOffset, nextOffset);
    }

    /** 0: nothing there, or (with a time range) nothing that matches up to {@link #nextOffset}. */
    public int sizeInBytes() {
        return sizeInBytes;
    }

    /** Of the first entry; it may lie before the offset that was asked for. */
    public long baseOffset() {
        return baseOffset;
    }

    /** Where to read on: everything before it, from the asked-for offset, is in this slice or does not match. */
    public long nextOffset() {
        return nextOffset;
    }

    /** Offsets that its entries take: as many records, unless a rewriting has removed some. */
    public int recordCount() {
        return (int) (sizeInBytes == 0 ? 0 : Math.min(Integer.MAX_VALUE, nextOffset - baseOffset));
    }

    /**
     * Copies all bytes to {@code dst}, which is borrowed and needs room for {@link #sizeInBytes}. Owner thread only.
     *
     * @throws CorruptLogException if the bytes cannot be read any more
     */
    public void copyTo(ByteBuffer dst) throws CorruptLogException {
        copyTo(dst, 0, sizeInBytes);
    }

    /**
     * The same with {@code size} bytes from {@code from} on, which counts from the slice's first byte.
     *
     * @throws CorruptLogException if the bytes cannot be read any more
     */
    public void copyTo(ByteBuffer dst, int from, int size) throws CorruptLogException {
        Objects.checkFromIndexSize(from, size, sizeInBytes);
        Segment lender = segment;
        SegmentFile open = file;
        if (lender == null || open == null) {
            return;
        }
        int limit = dst.limit();
        dst.limit(dst.position() + size);
        try {
            if (!lender.readMapped(dst, position + from)) {
                open.disk().readFully(dst, position + from);
            }
        } catch (IOException e) {
            throw lender.unreadable(position, e);
        } finally {
            dst.limit(limit);
        }
    }

    /** For {@code transferTo}; {@code null} on a simulated disk: use {@link #copyTo}. Never close it. */
    public @Nullable FileChannel channel() {
        return file == null ? null : file.disk().channel();
    }

    /** Of the first byte in {@link #channel}. */
    public long position() {
        return position;
    }

    @Override
    public void close() {
        SegmentFile open = file;
        if (open != null && CLOSED.compareAndSet(this, 0, 1)) {
            open.release();
        }
    }
}
