package io.headwater.storage;

import io.headwater.record.Envelope;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sealed segment on its way from another copy, in a file that is not part of the log yet. Its name says which segment it
 * is going to be, so that what has come of it before a crash, or before the connection was lost, is gone on with.
 *
 * <p>Nothing is believed until all of it is there: {@link #finish} reads it once more, every checksum, and compares it with
 * what was announced. Any thread, one call at a time.
 */
public final class IncomingSegment {
    private static final Logger LOG = LoggerFactory.getLogger(IncomingSegment.class);
    /** So much at most waits for the sync at the end, which others' syncs would wait for. */
    private static final long SYNC_BYTES = 8 << 20;

    private final LogContext context;
    private final SegmentManifest manifest;
    private final Path path;
    private @Nullable DiskFile file;
    private long position;
    private long synced;
    private @Nullable Whole whole;
    private boolean given;

    /** What was found in it, all of it. */
    record Whole(SegmentHeader header, SegmentSummary summary, SegmentIndex index) {}

    IncomingSegment(LogContext context, SegmentManifest manifest) {
        this.context = context;
        this.manifest = manifest;
        this.path = context.copyingPath(manifest.baseIndex(), manifest.checksum());
    }

    public SegmentManifest manifest() {
        return manifest;
    }

    /** How far it has come; more than nothing with the first {@link #write}, if an earlier one was stopped. */
    public synchronized long position() {
        return position;
    }

    public synchronized boolean isComplete() {
        return position == manifest.bytes();
    }

    /**
     * Writes what goes on from where it has come to; what is there already, or would leave a gap, is left out.
     *
     * @throws DiskFullException if there is no room; what came before is there, and the same may be written later
     */
    public synchronized void write(long at, ByteBuffer bytes) throws IOException {
        DiskFile open = open();
        long end = at + bytes.remaining();
        if (at > position || end <= position || end > manifest.bytes()) {
            return;
        }
        ByteBuffer next = bytes.duplicate();
        next.position(next.position() + (int) (position - at));
        open.write(next, position);
        position = end;
        if (position - synced >= SYNC_BYTES) {
            open.sync();
            synced = position;
        }
    }

    private DiskFile open() throws IOException {
        DiskFile current = file;
        if (given) {
            throw new IOException(path + ": nobody wants it any more");
        }
        if (current != null) {
            return current;
        }
        String own = String.valueOf(path.getFileName());
        for (String name : context.disk().list(context.directory())) {
            if (LogContext.isCopying(name) && !name.equals(own)) {
                context.disk().delete(context.directory().resolve(name));
            }
        }
        boolean begun = context.disk().exists(path);
        current = context.disk().open(path, begun ? Disk.Mode.READ_WRITE : Disk.Mode.CREATE_NEW);
        file = current;
        if (current.size() > manifest.bytes()) {
            current.truncate(manifest.bytes());
        }
        position = current.size();
        synced = position;
        return current;
    }

    /**
     * When it {@link #isComplete}: reads all of it, and syncs it.
     *
     * @return whether it is whole, and can become part of the log; if not, what is not as announced is cut off, and
     *     {@link #position} says from where on it is needed again
     */
    public synchronized boolean finish() throws IOException {
        DiskFile open = open();
        Whole found = null;
        SegmentHeader header = SegmentHeader.decode(read(open, SegmentHeader.SIZE, 0));
        long good = 0;
        if (header != null && isAnnounced(header)) {
            found = scan(open, header);
            good = found.summary().endPosition;
        }
        if (found == null || !isAnnounced(found.summary()) || !footerFits(open, found.summary())) {
            boolean other = good == footerPosition() && (found == null || !isAnnounced(found.summary()));
            position = other ? 0 : good;
            synced = Math.min(synced, position);
            open.truncate(position);
            return false;
        }
        open.sync();
        whole = found;
        return true;
    }

    private long footerPosition() {
        return manifest.bytes() - SegmentSummary.SIZE;
    }

    private boolean isAnnounced(SegmentHeader header) {
        return header.partitionId() == context.partitionId()
                && header.baseIndex() == manifest.baseIndex()
                && header.lastEpoch() == manifest.epochBefore();
    }

    private boolean isAnnounced(SegmentSummary summary) {
        return summary.rolled()
                && summary.endPosition == footerPosition()
                && summary.endIndex == manifest.endIndex()
                && summary.lastEpoch == manifest.lastEpoch()
                && summary.checksum == manifest.checksum();
    }

    private boolean footerFits(DiskFile open, SegmentSummary summary) throws IOException {
        SegmentSummary footer =
                SegmentSummary.decode(read(open, SegmentSummary.SIZE, footerPosition()), SegmentSummary.FOOTER);
        return footer != null && footer.sameAs(summary);
    }

    /** All entries up to the first that is none. */
    private Whole scan(DiskFile open, SegmentHeader header) throws IOException {
        SegmentSummary summary = SegmentSummary.of(header);
        SegmentIndex index =
                new SegmentIndex(header.baseIndex(), context.config().indexIntervalBytes());
        EntryScanner scanner = Scratch.get().check();
        scanner.start(
                open::read,
                EntryScanner.Depth.PAYLOADS,
                SegmentHeader.SIZE,
                footerPosition(),
                header.baseIndex(),
                header.baseOffset());
        while (!summary.rolled() && scanner.nextPosition() < footerPosition() && scanner.next()) {
            Envelope entry = scanner.envelope();
            if (entry.leaderEpoch() < summary.lastEpoch) {
                break;
            }
            index.add(entry, scanner.position());
            summary.add(entry, scanner.records());
        }
        return new Whole(header, summary, index);
    }

    private static ByteBuffer read(DiskFile open, int bytes, long position) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(bytes);
        try {
            open.readFully(into, position);
        } catch (EOFException shorter) {
            into.clear().limit(0);
            return into;
        }
        return into.flip();
    }

    Path path() {
        return path;
    }

    /** What it was found to hold; null: it was not, or is part of a log by now. */
    synchronized @Nullable Whole whole() {
        return whole;
    }

    /** It is part of the log now, under another name. */
    synchronized void taken() {
        whole = null;
        close();
    }

    /** Lets go of it. What has come of it stays, for another one of the same segment. */
    public synchronized void close() {
        given = true;
        DiskFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.warn("{}: could not be closed: {}", path, e.toString());
            }
        }
    }

    /** Lets go of it, and of what has come of it. */
    public synchronized void discard() throws IOException {
        close();
        try {
            context.disk().delete(path);
        } catch (NoSuchFileException none) {
            // That is what was wanted.
        }
    }
}
