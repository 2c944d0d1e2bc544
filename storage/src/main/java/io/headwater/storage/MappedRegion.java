package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import net.openhft.chronicle.bytes.PointerBytesStore;
import net.openhft.chronicle.core.Jvm;
import net.openhft.chronicle.core.OS;

/**
 * A read-only mapping of a part of a file: the only place that sees Chronicle. It belongs to one thread, which alone
 * reads and unmaps it; so a read after the unmapping, which would kill the process, cannot happen.
 *
 * <p>It offers bulk copies and nothing else. When a page cannot be read (the file was truncated by someone else, the
 * disk fails), a bulk copy gets an {@link InternalError}, which becomes an {@link IOException} here; reading a single
 * value or computing a checksum over the mapping was seen to kill the JVM.
 */
final class MappedRegion {
    private final long start;
    private final long length;
    private final long address;
    private final PointerBytesStore bytes;
    private boolean closed;

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

    boolean covers(long from, long to) {
        return from >= start && to <= start + length;
    }

    /**
     * Fills {@code dst}, a direct buffer, which is borrowed.
     *
     * @throws IOException if a page cannot be read
     */
    void copyTo(ByteBuffer dst, long position) throws IOException {
        int size = dst.remaining();
        if (closed || !dst.isDirect() || !covers(position, position + size)) {
            throw new IllegalStateException("position: " + position + " (expected: inside an open mapping)");
        }
        try {
            bytes.nativeRead(position - start, Jvm.address(dst) + dst.position(), size);
        } catch (InternalError unreadable) {
            throw new IOException("a mapped page at byte " + position + " cannot be read", unreadable);
        }
        dst.position(dst.position() + size);
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
