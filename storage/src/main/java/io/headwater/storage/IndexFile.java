package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code .index} files beside the segments: written when a segment is sealed or put to rest, rebuilt when bad. */
final class IndexFile {
    private static final Logger LOG = LoggerFactory.getLogger(IndexFile.class);

    /** An index and what it covers, as read from a file. */
    record Loaded(SegmentIndex index, SegmentSummary covered) {}

    private IndexFile() {}

    /** {@code null} if there is none, or it is not intact: it is derived, so that is not an error. */
    static @Nullable Loaded load(LogContext context, long baseIndex) throws IOException {
        return load(
                context.disk(),
                context.indexPath(baseIndex),
                context.partitionId(),
                baseIndex,
                context.config().indexIntervalBytes());
    }

    static @Nullable Loaded load(Disk disk, Path path, long partitionId, long baseIndex, int intervalBytes)
            throws IOException {
        ByteBuffer bytes;
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            long size = file.size();
            if (size > SegmentIndex.MOST_BYTES) {
                return null;
            }
            bytes = ByteBuffer.allocate((int) size);
            file.readFully(bytes, 0);
            bytes.flip();
        } catch (NoSuchFileException none) {
            return null;
        }
        SegmentSummary covered = SegmentSummary.decode(bytes, SegmentSummary.INDEX);
        if (covered == null || covered.partitionId != partitionId || covered.baseIndex != baseIndex) {
            return null;
        }
        SegmentIndex index = SegmentIndex.decode(bytes, covered, intervalBytes);
        return index == null ? null : new Loaded(index, covered);
    }

    /** The complete index of a segment whose entries are known to be those of its summary. */
    static SegmentIndex loadOrRebuild(LogContext context, Segment segment) throws IOException {
        Loaded loaded = load(context, segment.baseIndex());
        if (loaded != null
                && loaded.covered().sameAs(segment.summary())
                && loaded.covered().knowsEpochs(segment.header())) {
            segment.summary().epochs(loaded.covered().epochs());
            return loaded.index();
        }
        LOG.info("{}: the index of segment {} is missing or bad; rebuilding it", context, segment.baseIndex());
        SegmentIndex index =
                new SegmentIndex(segment.baseIndex(), context.config().indexIntervalBytes());
        SegmentSummary found = SegmentSummary.of(segment.header());
        EntryScanner scanner = Scratch.get().check();
        DiskFile disk = segment.file().disk();
        scanner.start(
                disk::read,
                EntryScanner.Depth.HEADS,
                found.endPosition,
                segment.summary().endPosition,
                found.endIndex,
                found.endOffset);
        while (scanner.nextPosition() < segment.summary().endPosition) {
            if (!scanner.next()) {
                throw segment.corrupt(scanner);
            }
            index.add(scanner.envelope(), scanner.position());
            found.add(scanner.envelope(), scanner.records());
        }
        if (!found.sameAs(segment.summary())) {
            throw new CorruptLogException(
                    segment.path(), found.endPosition, "the entries do not add up to what was written");
        }
        segment.summary().epochs(found.epochs());
        write(context, index, found);
        return index;
    }

    /** Best effort: without the file the index is rebuilt. */
    static void write(LogContext context, SegmentIndex index, SegmentSummary covered) {
        long baseIndex = covered.baseIndex;
        ByteBuffer bytes = index.encode(covered);
        try {
            delete(context, baseIndex);
            try (DiskFile file = context.disk().open(context.indexPath(baseIndex), Disk.Mode.CREATE_NEW)) {
                file.write(bytes, 0);
            }
        } catch (IOException e) {
            LOG.info("{}: the index of segment {} is not written: {}", context, baseIndex, e.toString());
        }
    }

    static void delete(LogContext context, long baseIndex) throws IOException {
        try {
            context.disk().delete(context.indexPath(baseIndex));
        } catch (NoSuchFileException none) {
            // That is what was wanted.
        }
    }
}
