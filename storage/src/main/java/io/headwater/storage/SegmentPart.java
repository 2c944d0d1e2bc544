package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A run of bytes of a sealed segment's file, lent: the reader closes it, on any thread, exactly once. Until then the bytes
 * stay as they are, even if the segment is removed or rewritten meanwhile.
 */
public final class SegmentPart implements AutoCloseable {
    private final SegmentManifest manifest;
    private final SegmentFile file;
    private final long position;
    private final int size;

    /** Takes a use of the file, which the caller has retained. */
    SegmentPart(SegmentManifest manifest, SegmentFile file, long position, int size) {
        this.manifest = manifest;
        this.file = file;
        this.position = position;
        this.size = size;
    }

    /** Of the whole segment. */
    public SegmentManifest manifest() {
        return manifest;
    }

    /** Of the first byte in the segment's file. */
    public long position() {
        return position;
    }

    public int size() {
        return size;
    }

    /** From the file, whatever stands there by now: whoever takes it checks it. Any thread. */
    public ByteBuffer read() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(size);
        file.disk().readFully(bytes, position);
        return bytes.flip();
    }

    @Override
    public void close() {
        file.release();
    }
}
