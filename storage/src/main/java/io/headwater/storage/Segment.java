package io.headwater.storage;

import io.headwater.record.Envelope;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One segment of a log: what it holds, and its file and index while they are in use. Owner thread only; the bytes behind
 * {@link #file} may be read anywhere by whoever has retained it.
 */
final class Segment {
    private static final Logger LOG = LoggerFactory.getLogger(Segment.class);

    private final LogContext context;
    private final SegmentHeader header;
    private final SegmentSummary summary;
    private boolean sealed;
    private @Nullable SegmentFile file;

    /** Files of it that the owner has let go of, and others had not. */
    private final List<SegmentFile> lent = new ArrayList<>();

    private @Nullable SegmentIndex index;
    private @Nullable Preallocation preallocation;
    private @Nullable MappedRegion mapping;

    /**
     * Entries from this position on were written or checked by this process; those below are checked when first read.
     * What a disk spoils after that is found by the client, which checks every batch.
     */
    private long trustedFrom;

    /** It is no longer part of the log, and its name may be another's. */
    private boolean discarded;

    private final BitSet checkedSteps = new BitSet();
    private int checkedIntervalBytes;

    Segment(LogContext context, SegmentHeader header, SegmentSummary summary, boolean sealed, long trustedFrom) {
        this.context = context;
        this.header = header;
        this.summary = summary;
        this.sealed = sealed;
        this.trustedFrom = trustedFrom;
    }

    SegmentHeader header() {
        return header;
    }

    /** Live: it grows with the open segment. */
    SegmentSummary summary() {
        return summary;
    }

    long baseIndex() {
        return header.baseIndex();
    }

    long baseOffset() {
        return header.baseOffset();
    }

    boolean sealed() {
        return sealed;
    }

    Path path() {
        return context.logPath(header.baseIndex());
    }

    /** For a file that was just made. */
    void adopt(SegmentFile file) {
        this.file = file;
    }

    /** For an index that is being filled. */
    void adopt(SegmentIndex index) {
        this.index = index;
    }

    /** Notes an entry with so many records that stands, or will stand, behind the last one. The {@link #index} must be in use. */
    void append(Envelope entry, int records) {
        SegmentIndex current = index;
        if (current == null) {
            throw new IllegalStateException(path() + ": no index to append to");
        }
        current.add(entry, summary.endPosition);
        summary.add(entry, records);
    }

    /** Opens the file if nobody has it open. */
    SegmentFile file() throws IOException {
        SegmentFile current = file;
        if (current == null) {
            current = new SegmentFile(path(), context.disk().open(path(), Disk.Mode.READ_WRITE));
            file = current;
        }
        return current;
    }

    boolean isOpen() {
        return file != null;
    }

    /** The space for appends; only for the open segment. */
    Preallocation preallocation() throws IOException {
        Preallocation current = preallocation;
        if (current == null) {
            DiskFile disk = file().disk();
            current = new Preallocation(disk, disk.size());
            preallocation = current;
        }
        return current;
    }

    void stopPreallocating() {
        Preallocation current = preallocation;
        if (current != null) {
            current.close();
        }
    }

    /** Loads or rebuilds the index. */
    SegmentIndex index() throws IOException {
        SegmentIndex current = index;
        if (current == null) {
            current = IndexFile.loadOrRebuild(context, this);
            index = current;
        }
        return current;
    }

    /** Makes this segment unchangeable: what follows the last entry is the footer. The caller writes it. */
    ByteBuffer seal() {
        sealed = true;
        unmap();
        Preallocation current = preallocation;
        if (current != null) {
            current.close();
            preallocation = null;
        }
        ByteBuffer footer = ByteBuffer.allocate(SegmentSummary.SIZE);
        summary.encode(footer, SegmentSummary.FOOTER);
        return footer.flip();
    }

    /** What the file's size is once it is sealed. */
    long sealedSize() {
        return summary.endPosition + SegmentSummary.SIZE;
    }

    /** Reads like {@link DiskFile#read}: from the mapping where that is possible, else from the file. */
    int read(ByteBuffer dst, long position) throws IOException {
        int size = dst.remaining();
        return readMapped(dst, position) ? size : file().disk().read(dst, position);
    }

    /**
     * Fills a direct buffer from the mapping; false if there is none here. A page that cannot be read is a false too:
     * reading the file then gives a clean error.
     */
    boolean readMapped(ByteBuffer dst, long position) {
        MappedRegion mapped = mapping;
        if (mapped == null
                || !dst.isDirect()
                || dst.remaining() > MappedRegion.MOST_BYTES
                || !mapped.covers(position, position + dst.remaining())) {
            return false;
        }
        try {
            mapped.copyTo(dst, position);
            return true;
        } catch (IOException unreadable) {
            LOG.warn("{}: {} of {}; reading the file instead", context, unreadable.getMessage(), path());
            unmap();
            return false;
        }
    }

    /** Maps the open segment's tail, if it stands on a real file, so that {@link #read} there costs no system call. */
    void mapTail(long from, long to) throws IOException {
        MappedRegion mapped = mapping;
        if (sealed || (mapped != null && mapped.covers(from, to))) {
            return;
        }
        FileChannel channel = file().disk().channel();
        if (channel != null) {
            unmap();
            mapping = MappedRegion.map(channel, from, preallocation().end());
        }
    }

    private void unmap() {
        MappedRegion mapped = mapping;
        mapping = null;
        if (mapped != null) {
            mapped.unmap();
        }
    }

    /** Checks all bytes of the steps that hold the positions, unless that was done or this process wrote them. */
    void check(long from, long to, EntryScanner scanner) throws IOException {
        if (from >= trustedFrom) {
            return;
        }
        SegmentIndex steps = index();
        if (steps.intervalBytes() != checkedIntervalBytes) {
            // Steps were merged, and have other numbers now.
            checkedSteps.clear();
            checkedIntervalBytes = steps.intervalBytes();
        }
        long until = Math.min(to, trustedFrom);
        for (int step = steps.stepOfPosition(from); step < steps.count() && steps.position(step) < until; step++) {
            if (!checkedSteps.get(step)) {
                checkStep(steps, step, scanner);
                checkedSteps.set(step);
            }
        }
        if (sealed && checkedSteps.cardinality() == steps.count()) {
            trustedFrom = 0;
            checkedSteps.clear();
        }
    }

    private void checkStep(SegmentIndex steps, int step, EntryScanner scanner) throws IOException {
        boolean last = step + 1 == steps.count();
        long end = last ? summary.endPosition : steps.position(step + 1);
        DiskFile disk = file().disk();
        scanner.start(
                disk::read,
                EntryScanner.Depth.PAYLOADS,
                steps.position(step),
                end,
                steps.entryIndex(step),
                steps.offset(step));
        while (scanner.nextPosition() < end) {
            if (!scanner.next()) {
                throw corrupt(scanner);
            }
        }
        if (!last
                && (scanner.nextIndex() != steps.entryIndex(step + 1)
                        || scanner.nextOffset() != steps.offset(step + 1))) {
            throw new CorruptLogException(path(), end, "the index does not agree with the entries");
        }
    }

    /** Checks what stands at a position once more, whoever has looked at it before; all of it is written. */
    void recheck(long position, EntryScanner scanner) throws IOException {
        if (position < SegmentHeader.SIZE) {
            ByteBuffer bytes = ByteBuffer.allocate(SegmentHeader.SIZE);
            try {
                file().disk().readFully(bytes, 0);
            } catch (EOFException shorter) {
                throw unreadable(0, shorter);
            }
            if (!header.equals(SegmentHeader.decode(bytes.flip()))) {
                throw new CorruptLogException(path(), 0, "no header of this segment");
            }
        } else if (position < summary.endPosition) {
            checkStep(index(), index().stepOfPosition(position), scanner);
        }
    }

    /** The same with all steps that hold these entries. */
    void recheckEntries(long from, long until, EntryScanner scanner) throws IOException {
        SegmentIndex steps = index();
        for (int step = steps.stepOfEntry(from); step < steps.count() && steps.entryIndex(step) < until; step++) {
            checkStep(steps, step, scanner);
        }
    }

    CorruptLogException corrupt(EntryScanner scanner) {
        String problem = scanner.problem();
        return new CorruptLogException(
                path(), scanner.nextPosition(), problem == null ? "an entry is missing" : problem);
    }

    /** The file's bytes are gone or cannot be read: the error that says so. */
    CorruptLogException unreadable(long position, IOException cause) {
        boolean gone = cause instanceof EOFException || cause instanceof NoSuchFileException;
        return new CorruptLogException(path(), position, gone ? "bytes are missing" : "bytes cannot be read", cause);
    }

    /** Keeps the index of an open segment in its file, and gives back what is preallocated behind the last entry. */
    void rest() throws IOException {
        SegmentIndex current = index;
        if (sealed || current == null) {
            return;
        }
        unmap();
        Preallocation space = preallocation;
        if (space != null) {
            space.close();
            preallocation = null;
        }
        file().disk().truncate(summary.endPosition);
        IndexFile.write(context, current, summary);
    }

    /** Lets go of file, mapping and index. Lent slices keep the file open for themselves. */
    void release() {
        unmap();
        Preallocation space = preallocation;
        if (space != null) {
            space.close();
            preallocation = null;
        }
        index = null;
        // A rebuilt index may number its steps in another way.
        checkedSteps.clear();
        SegmentFile current = file;
        file = null;
        lent.removeIf(earlier -> !earlier.inUse());
        if (current != null) {
            current.release();
            if (current.inUse()) {
                lent.add(current);
            }
        }
    }

    /** Keeps the index of a sealed segment in its file. On the background thread. */
    synchronized void writeIndex(SegmentIndex complete) {
        if (!discarded) {
            IndexFile.write(context, complete, summary);
        }
    }

    /** After this returns no index is written for it. */
    synchronized void discard() {
        discarded = true;
    }

    /** Whether anyone but the owner uses its bytes, now or for the rest of a lent slice. */
    boolean shared() {
        SegmentFile current = file;
        return (current != null && current.shared()) || lent();
    }

    /** Whether slices of it may still be read after {@link #release}: then its file must not be written to again. */
    boolean lent() {
        return lent.stream().anyMatch(SegmentFile::inUse);
    }
}
