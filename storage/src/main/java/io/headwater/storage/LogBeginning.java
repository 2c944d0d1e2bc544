package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Lets a log begin anew, without entries, at an index that it does not reach. The header of its first segment is written
 * to a file of another name, durably; from there on the log begins there, and what is left of the old one is removed:
 *
 * <ol>
 *   <li>the durable mark moves to the new beginning;
 *   <li>all segments are deleted;
 *   <li>the new file takes its name.
 * </ol>
 *
 * A crash before that file is durable leaves the old log; after one later, recovery does the steps again, all of them.
 * Owner thread only, and the sync thread must be out of the log.
 */
final class LogBeginning {
    private LogBeginning() {}

    /**
     * Says, durably, that the log begins with the segment of this header.
     *
     * @throws DiskFullException if there is no room; nothing has changed
     */
    static void announce(LogContext context, SegmentHeader header) throws IOException {
        context.marks().register(context.partitionId());
        context.disk().createDirectories(context.directory());
        context.parent().named();
        context.parent().sync();
        Path path = context.beginningPath(header.baseIndex());
        boolean done = false;
        try (DiskFile file = context.disk().open(path, Disk.Mode.CREATE_NEW)) {
            file.write(header.encode(), 0);
            file.sync();
            context.disk().syncDirectory(context.directory());
            done = true;
        } finally {
            if (!done) {
                delete(context, path);
            }
        }
    }

    /** The header in a file that was to begin the log; null if it was not whole yet, so that nobody relies on it. */
    static @Nullable SegmentHeader read(Disk disk, Path path, long partitionId) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentHeader.SIZE);
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            int n = 0;
            while (bytes.hasRemaining() && n >= 0) {
                n = file.read(bytes, bytes.position());
            }
        }
        SegmentHeader header = SegmentHeader.decode(bytes.flip());
        return header != null && header.partitionId() == partitionId ? header : null;
    }

    /** What a crash has left undone; or that nothing was begun. */
    static void recover(LogContext context) throws IOException {
        if (!context.disk().exists(context.directory())) {
            return;
        }
        for (String name : context.disk().list(context.directory())) {
            if (LogContext.isBeginning(name)) {
                Path path = context.directory().resolve(name);
                SegmentHeader header = read(context.disk(), path, context.partitionId());
                if (header == null) {
                    delete(context, path);
                } else {
                    finish(context, header);
                }
            }
        }
    }

    /** Nobody uses the log's files any more. */
    static void finish(LogContext context, SegmentHeader header) throws IOException {
        Marks marks = context.marks();
        marks.reset(context.partitionId(), endOf(header));
        marks.startsAt(context.partitionId(), header.baseIndex());
        marks.sync();
        Disk disk = context.disk();
        for (String name : disk.list(context.directory())) {
            Path path = context.directory().resolve(name);
            if (!path.equals(context.beginningPath(header.baseIndex()))) {
                // Or it has gone meanwhile: retention may be at it too.
                delete(context, path);
            }
        }
        disk.syncDirectory(context.directory());
        disk.rename(context.beginningPath(header.baseIndex()), context.logPath(header.baseIndex()));
        disk.syncDirectory(context.directory());
    }

    /** Of a log that holds the header and no entry behind it. */
    static SyncPoint endOf(SegmentHeader header) {
        return new SyncPoint().set(header.baseIndex(), header.baseOffset(), header.baseIndex(), SegmentHeader.SIZE);
    }

    private static void delete(LogContext context, Path path) throws IOException {
        try {
            context.disk().delete(path);
        } catch (NoSuchFileException none) {
            // That is what was wanted.
        }
    }
}
