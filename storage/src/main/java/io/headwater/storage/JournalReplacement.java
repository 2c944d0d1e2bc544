package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A whole journal file written beside the old one, synced, and renamed over it. Whatever fails before the rename has
 * changed nothing.
 */
record JournalReplacement(DiskFile file, JournalBuffer buffer, long allocated) {
    private static final int BLOCK = 4096;
    private static final int CHUNK = 256 * 1024;
    private static final byte[] NONE = new byte[0];

    static JournalReplacement write(Disk disk, Path path, int tag, long generation, Iterable<byte[]> records)
            throws IOException {
        Path fresh = path.resolveSibling(path.getFileName() + ".tmp");
        deleteIfThere(disk, fresh);
        DiskFile file = disk.open(fresh, Disk.Mode.CREATE_NEW);
        try {
            JournalReplacement made = fill(file, tag, generation, records);
            disk.rename(fresh, path);
            return made;
        } catch (IOException | RuntimeException e) {
            file.close();
            deleteIfThere(disk, fresh);
            throw e;
        }
    }

    private static JournalReplacement fill(DiskFile file, int tag, long generation, Iterable<byte[]> records)
            throws IOException {
        file.write(JournalLayout.fileHeader(tag, generation), 0);
        JournalBuffer buffer = new JournalBuffer(generation, JournalLayout.FILE_HEADER);
        for (byte[] payload : records) {
            buffer.add(payload, payload.length, JournalLayout.FILE_HEADER);
            if (buffer.pending() >= CHUNK) {
                buffer.writeTo(file);
            }
        }
        // The file gets its name only after its sync, so whoever sees this statement may believe it.
        buffer.add(NONE, 0, buffer.end());
        buffer.writeTo(file);
        long allocated = roundedUp(buffer.end() + CHUNK / 4);
        zero(file, buffer.end(), allocated);
        file.sync();
        return new JournalReplacement(file, buffer, allocated);
    }

    private static void deleteIfThere(Disk disk, Path path) throws IOException {
        try {
            disk.delete(path);
        } catch (NoSuchFileException none) {
            // The usual case.
        }
    }

    /** Writes zeros: the way to preallocate, and to cut. */
    static void zero(DiskFile file, long from, long to) throws IOException {
        if (from >= to) {
            return;
        }
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(CHUNK, to - from));
        for (long at = from; at < to; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), to - at));
            at += zeros.remaining();
            file.write(zeros, at - zeros.remaining());
        }
    }

    static long roundedUp(long bytes) {
        return (bytes + BLOCK - 1) / BLOCK * BLOCK;
    }
}
