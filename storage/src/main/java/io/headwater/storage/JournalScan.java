package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Reads a journal from its start, and decides at the first position that holds no valid record whether the file simply
 * ends there, was torn there by a crash, or is damaged.
 *
 * <p>A write that was never synced may be lost in part and in any order, so valid records behind a bad one prove
 * nothing by themselves. But each record says up to where the file was synced when it was made: if a later record says
 * that the bad position was on the disk already, the disk has changed it since, and that is damage.
 */
final class JournalScan {
    private static final int WINDOW = 256 * 1024;

    private final DiskFile file;
    private final Path path;
    private final long size;
    private final CRC32C crc = new CRC32C();
    private ByteBuffer window = ByteBuffer.allocate(WINDOW).limit(0);
    private long windowStart;
    private long generation;
    private long end;
    private boolean torn;

    JournalScan(DiskFile file, Path path) throws IOException {
        this.file = file;
        this.path = path;
        this.size = file.size();
    }

    /** Hands out every payload up to the end. What was handed out before an exception is void. */
    void run(int tag, Consumer<byte[]> replay) throws IOException {
        if (size < JournalLayout.FILE_HEADER) {
            throw new CorruptJournalException(path, 0, "only " + size + " bytes long, shorter than its header");
        }
        ByteBuffer header = ByteBuffer.allocate(JournalLayout.FILE_HEADER);
        file.readFully(header, 0);
        String fault = JournalLayout.fileHeaderFault(header, tag);
        if (!fault.isEmpty()) {
            throw new CorruptJournalException(path, 0, fault);
        }
        generation = JournalLayout.generation(header);
        long position = JournalLayout.FILE_HEADER;
        while (true) {
            int length = validLengthAt(position);
            if (length == 0) {
                break;
            }
            if (length > JournalLayout.RECORD_HEAD) {
                byte[] payload = new byte[length - JournalLayout.RECORD_HEAD];
                window.get((int) (position - windowStart) + JournalLayout.RECORD_HEAD, payload);
                replay.accept(payload);
            }
            position += JournalLayout.aligned(length);
        }
        end = Math.min(position, size);
        inspectRemainder();
    }

    /** Where the next record belongs. */
    long end() {
        return end;
    }

    long generation() {
        return generation;
    }

    long size() {
        return size;
    }

    /** Whether something other than zeros stands behind the end: what a crash left of unsynced writes. */
    boolean torn() {
        return torn;
    }

    private void inspectRemainder() throws IOException {
        for (long position = end; position < size; position += JournalLayout.ALIGNMENT) {
            int available = (int) Math.min(JournalLayout.ALIGNMENT, size - position);
            int at = at(position, available);
            for (int i = 0; i < available && !torn; i++) {
                torn = window.get(at + i) != 0;
            }
            if (torn && validLengthAt(position) != 0) {
                long synced = window.getLong((int) (position - windowStart) + JournalLayout.SYNCED);
                if (synced > end) {
                    throw new CorruptJournalException(
                            path, end, "the record at " + position + " says that this was on the disk already");
                }
            }
        }
    }

    /** Length of the valid record at a position, 0 if there is none. The window then covers the record. */
    private int validLengthAt(long position) throws IOException {
        if (position + JournalLayout.RECORD_HEAD > size) {
            return 0;
        }
        int at = at(position, JournalLayout.RECORD_HEAD);
        int length = window.getInt(at);
        if (length < JournalLayout.RECORD_HEAD || position + JournalLayout.aligned(length) > size) {
            return 0;
        }
        long synced = window.getLong(at + JournalLayout.SYNCED);
        if (synced < JournalLayout.FILE_HEADER || synced > position) {
            return 0;
        }
        int expected = window.getInt(at + JournalLayout.CRC);
        at = at(position, (int) JournalLayout.aligned(length));
        boolean matches = expected == JournalLayout.recordCrc(crc, window, at, length, generation, position);
        return matches && paddingIsZero(at, length) ? length : 0;
    }

    private boolean paddingIsZero(int at, int length) {
        for (int i = length; i < JournalLayout.aligned(length); i++) {
            if (window.get(at + i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Index in the window of a file position, with so many bytes behind it. */
    private int at(long position, int bytes) throws IOException {
        if (position < windowStart || position + bytes > windowStart + window.limit()) {
            int capacity = Math.max(WINDOW, bytes);
            if (window.capacity() < capacity) {
                window = ByteBuffer.allocate(capacity);
            }
            window.clear().limit((int) Math.min(window.capacity(), size - position));
            file.readFully(window, position);
            windowStart = position;
        }
        return (int) (position - windowStart);
    }
}
