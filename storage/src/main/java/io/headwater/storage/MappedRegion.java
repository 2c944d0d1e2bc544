package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import net.openhft.chronicle.bytes.PointerBytesStore;
import net.openhft.chronicle.core.Jvm;
import net.openhft.chronicle.core.OS;
import org.jspecify.annotations.Nullable;

/**
 * A read-only mapping of a part of a file: the only place that sees Chronicle. It belongs to one thread, which alone
 * reads and unmaps it; so a read after the unmapping, which would kill the process, cannot happen.
 *
 * <p>It offers bulk copies and nothing else. When a page cannot be read (the file was truncated by someone else, the
 * disk fails), a bulk copy gets an {@link InternalError}, which becomes an {@link IOException} here; reading a single
 * value or computing a checksum over the mapping was seen to kill the JVM.
 */
final class MappedRegion {
    /** More is read from the file. */
    static final int MOST_BYTES = 128 << 10;

    /** Stands in a destination before a copy; if it still does afterwards, the copy may have stopped short. */
    private static final long UNTOUCHED = 0x9d3f_61c8_25b7_e04aL;

    private final long start;
    private final long length;
    private final long address;
    private final PointerBytesStore bytes;
    private boolean closed;

    @SuppressWarnings({"unused", "FieldCanBeLocal"}) // keeps the call from being optimised away
    private @Nullable Object slowCall;

    private MappedRegion(long start, long length, long address) {
        this.start = start;
        this.length = length;
        this.address = address;
        this.bytes = new PointerBytesStore();
        this.bytes.set(address, length);
    }

    /** Maps at least the bytes from {@code from} to {@code to}, which must lie inside the file. */
    static MappedRegion map(FileChannel channel, long from, long to) throws IOException {
        long start = from - from % OS.mapAlignment();
        return new MappedRegion(start, to - start, OS.map(channel, FileChannel.MapMode.READ_ONLY, start, to - start));
    }

    /** What the first mapping of a process does otherwise: Chronicle looks at the machine that it is on, for some 0.2 s. */
    static void warmUp() {
        new MappedRegion(0, OS.mapAlignment(), 0).closed = true;
    }

    boolean covers(long from, long to) {
        return from >= start && to <= start + length;
    }

    /**
     * Fills {@code dst}, a direct buffer, which is borrowed, with at most {@link #MOST_BYTES}.
     *
     * @throws IOException if a page cannot be read
     */
    void copyTo(ByteBuffer dst, long position) throws IOException {
        int size = dst.remaining();
        if (closed || size > MOST_BYTES || !dst.isDirect() || !covers(position, position + size)) {
            throw new IllegalStateException("position: " + position + " (expected: inside an open mapping)");
        }
        int first = dst.position();
        int last = first + size - Long.BYTES;
        try {
            if (size >= Long.BYTES) {
                dst.putLong(first, UNTOUCHED).putLong(last, UNTOUCHED);
            }
            bytes.nativeRead(position - start, Jvm.address(dst) + first, size);
            if (size < Long.BYTES || dst.getLong(first) == UNTOUCHED || dst.getLong(last) == UNTOUCHED) {
                raisePendingError();
            }
        } catch (InternalError unreadable) {
            throw new IOException("a mapped page at byte " + position + " cannot be read", unreadable);
        }
        dst.position(first + size);
    }

    /**
     * In compiled code the error of a copy is not raised by the copy, which just stops short, but by the next slow call
     * into the JVM, which may lie anywhere further on. This is such a call: of those tried with OpenJDK 17 (native
     * methods, locks, exceptions, arrays) only the making of an array of arrays raised it in place.
     */
    private void raisePendingError() {
        slowCall = new byte[(int) (length >>> 62)][1];
    }

    void unmap() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            OS.unmap(address, length);
        } catch (IOException e) {
            throw new IllegalStateException("a mapping of " + length + " bytes cannot be unmapped", e);
        }
    }
}
