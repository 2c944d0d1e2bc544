package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * Takes the entries from an index on away from a log, durably, in an order that a crash may stop anywhere:
 *
 * <ol>
 *   <li>everything is synced, and then the durable mark moves back to the index, so that nothing behind it is missed;
 *   <li>later segments are deleted, the last one first;
 *   <li>the segment that holds the index is cut and is the open one again.
 * </ol>
 *
 * Recovery keeps what is whole behind the mark: all of it before the second step, a beginning of it in the middle, nothing
 * after the third. Once this has returned nothing of it can be found again: the directory is synced, the file ends at the
 * index, and space that is preallocated there later reads as zeros.
 *
 * <p>A file that others still read is not cut: its beginning is copied to a new one that takes its name. Owner thread
 * only, and the sync thread must be out of the log.
 */
final class LogTruncation {
    private static final int COPY_BYTES = 256 << 10;

    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    private final LogReader reader;

    LogTruncation(LogContext context, List<Segment> segments, LogCommit commit, LogReader reader) {
        this.context = context;
        this.segments = segments;
        this.commit = commit;
        this.reader = reader;
    }

    /** A change to a log's segments. */
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    /** Below it everything is committed, as the marks have it. */
    long commitMark() {
        Mark mark = new Mark();
        context.marks().load(context.partitionId(), mark);
        return mark.commitIndex;
    }

    /** That an index at which the log is to end, or to begin, is not below what is committed. */
    void require(long index, long floorIndex, long highest) throws TruncationRefusedException {
        long lowest = Math.max(floorIndex, commitMark());
        if (index < lowest || index > highest) {
            throw new TruncationRefusedException(
                    context + ": index: " + index + " (expected: " + lowest + " to " + highest + ")");
        }
    }

    /**
     * Removes all entries at and behind an index that the log has; all of them are flushed.
     *
     * @return the last segment
     * @throws TruncationRefusedException if an entry begins before the index and ends behind it; nothing has changed
     * @throws DiskFullException if there is no room for the copy of a segment; nothing has changed
     */
    Segment run(long index) throws IOException {
        int at = segments.size() - 1;
        while (at > 0 && segments.get(at).baseIndex() >= index) {
            at--;
        }
        Segment whole = segments.get(at);
        boolean stays = whole.sealed() && whole.summary().endIndex == index;
        Segment last = stays ? whole : beginningOf(whole, index);
        syncAll();
        boolean copied = !stays && whole.shared();
        if (copied) {
            copy(whole, last.summary().endPosition);
        }
        try {
            moveMark(last.summary());
            segments.get(segments.size() - 1).stopPreallocating();
            removeBehind(at);
            if (!stays) {
                cut(whole, last, copied);
                segments.set(at, last);
            }
            context.disk().syncDirectory(context.directory());
            SegmentSummary end = last.summary();
            SegmentFile file = stays ? null : last.file();
            commit.truncated(new Written(end.endIndex, end.endOffset, end.baseIndex, end.endPosition, file));
            return last;
        } catch (IOException e) {
            throw commit.takeOffline("its truncation failed half way", e);
        }
    }

    /**
     * Removes everything, and begins anew ({@link LogBeginning}).
     *
     * @return the one segment
     * @throws DiskFullException if there is no room for its header; nothing has changed
     */
    Segment beginAt(LogStart start) throws IOException {
        SegmentHeader header = new SegmentHeader(
                context.partitionId(), start.index(), start.offset(), start.epochBefore(), start.timeBeforeMs());
        boolean announced = false;
        try {
            LogBeginning.announce(context, header);
            announced = true;
            for (Segment segment : segments) {
                segment.stopPreallocating();
                letGo(segment);
            }
            segments.clear();
            commit.abandon();
            LogBeginning.finish(context, header);
            Segment only = new Segment(context, header, SegmentSummary.of(header), false, SegmentHeader.SIZE);
            only.adopt(new SegmentIndex(start.index(), context.config().indexIntervalBytes()));
            segments.add(only);
            commit.truncated(
                    new Written(start.index(), start.offset(), start.index(), SegmentHeader.SIZE, only.file()));
            return only;
        } catch (IOException e) {
            if (!announced && e instanceof DiskFullException) {
                throw e;
            }
            throw commit.takeOffline("its new beginning failed half way", e);
        }
    }

    /** There is nothing to remove: all that is there becomes durable all the same. */
    void settle() throws IOException {
        if (commit.allDurable()) {
            return;
        }
        SyncPoint end = syncAll();
        context.marks().durable(context.partitionId(), end);
        context.marks().sync();
        commit.synced(end);
    }

    private SyncPoint syncAll() throws IOException {
        SyncPoint end = new SyncPoint();
        try {
            commit.written(end);
            commit.sync();
            return end;
        } catch (IOException e) {
            if (LogContext.noDescriptorsLeft(e)) {
                // Nothing has changed, and the same may succeed later.
                throw e;
            }
            throw commit.takeOffline("a sync failed; what was not durable before may be lost", e);
        }
    }

    /** The same segment, open, with the entries before an index; its file is not touched. */
    private Segment beginningOf(Segment whole, long index) throws IOException {
        SegmentSummary summary = SegmentSummary.of(whole.header());
        SegmentIndex steps =
                new SegmentIndex(whole.baseIndex(), context.config().indexIntervalBytes());
        EntryScanner scanner = Scratch.get().check();
        SegmentFile file = whole.file();
        reader.using(whole);
        scanner.start(
                file.disk()::read,
                EntryScanner.Depth.HEADS,
                summary.endPosition,
                whole.summary().endPosition,
                summary.endIndex,
                summary.endOffset);
        while (summary.endIndex < index) {
            if (!scanner.next()) {
                throw whole.corrupt(scanner);
            }
            steps.add(scanner.envelope(), scanner.position());
            summary.add(scanner.envelope(), scanner.records());
        }
        if (summary.endIndex != index) {
            throw new TruncationRefusedException(
                    "index: " + index + " (expected: not inside an entry; one ends at " + summary.endIndex + ")");
        }
        // What is left is checked again when it is read.
        Segment beginning = new Segment(context, whole.header(), summary, false, summary.endPosition);
        beginning.adopt(steps);
        return beginning;
    }

    private void copy(Segment whole, long bytes) throws IOException {
        Path path = context.truncatingPath(whole.baseIndex());
        deleteIfThere(path);
        DiskFile from = whole.file().disk();
        boolean done = false;
        try (DiskFile to = context.disk().open(path, Disk.Mode.CREATE_NEW)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(COPY_BYTES, bytes));
            for (long at = 0; at < bytes; at += buffer.limit()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - at));
                from.readFully(buffer, at);
                to.write(buffer.flip(), at);
            }
            to.sync();
            done = true;
        } finally {
            if (!done) {
                deleteIfThere(path);
            }
        }
    }

    private void moveMark(SegmentSummary end) throws IOException {
        SyncPoint point = new SyncPoint().set(end.endIndex, end.endOffset, end.baseIndex, end.endPosition);
        context.marks().reset(context.partitionId(), point);
        context.marks().sync();
    }

    /** From the end on, so that a crash never leaves a gap. */
    private void removeBehind(int at) throws IOException {
        for (int i = segments.size() - 1; i > at; i--) {
            Segment segment = segments.remove(i);
            letGo(segment);
            IndexFile.delete(context, segment.baseIndex());
            context.disk().delete(segment.path());
        }
    }

    private void cut(Segment whole, Segment last, boolean copied) throws IOException {
        letGo(whole);
        // It may cover what is cut: a recovery would believe it as soon as the log is that long again.
        IndexFile.delete(context, whole.baseIndex());
        if (copied) {
            context.disk().rename(context.truncatingPath(whole.baseIndex()), whole.path());
        } else {
            DiskFile file = last.file().disk();
            file.truncate(last.summary().endPosition);
            file.sync();
        }
    }

    private void letGo(Segment segment) {
        reader.forget(segment);
        segment.discard();
        segment.release();
    }

    private void deleteIfThere(Path path) throws IOException {
        try {
            context.disk().delete(path);
        } catch (NoSuchFileException none) {
            // That is what was wanted.
        }
    }
}
