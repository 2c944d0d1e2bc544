package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what the files of a log hold when it is first used: what lies below the durable mark must be there and
 * intact, else it is damage, and nothing is touched; what lies behind it is kept up to the first entry that is not
 * whole, and cut there. A log that was closed in order, and not written to since, is opened without reading entries.
 *
 * <p>Each step leaves a log that the same steps lead to the same end: a crash in the middle is just another crash.
 */
final class LogRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(LogRecovery.class);

    private static final String MARKED_MISSING = "the file is missing, and held durable entries";

    private static final String OLDEST_MISSING =
            "the file is missing, the log begins later, and retention did not remove it; put it back";

    /**
     * No crash leaves this: names in a directory become durable in the order in which they are made, the tail is removed
     * from its end, and retention lets go of the first file only when the mark on the disk has moved off it.
     */
    private static final String FIRST_MISSING =
            "the file is missing, and later ones of this log are there; put it back,"
                    + " or move those elsewhere to begin with an empty log";

    /** A log ready for use. */
    record Recovered(List<Segment> segments, Written end, int lastEpoch, long lastIngestionTimeMs) {}

    private final LogContext context;
    private final Mark mark = new Mark();
    private final List<Segment> segments = new ArrayList<>();
    private final List<Long> bases = new ArrayList<>();
    /** Files of segments that were on their way from another copy. */
    private final List<String> copying = new ArrayList<>();

    private final EntryScanner scanner = Scratch.get().check();

    private LogRecovery(LogContext context) {
        this.context = context;
    }

    static Recovered recover(LogContext context) throws IOException {
        return new LogRecovery(context).run();
    }

    private Recovered run() throws IOException {
        Recovered recovered = recoverSegments();
        for (String name : copying) {
            if (!LogContext.isCopyingAt(name, recovered.end().endIndex())) {
                context.disk().delete(context.directory().resolve(name));
            }
        }
        return recovered;
    }

    private Recovered recoverSegments() throws IOException {
        if (context.marks().contains(context.partitionId())) {
            LogBeginning.recover(context);
        }
        boolean known = context.marks().load(context.partitionId(), mark);
        if (context.disk().exists(context.directory())) {
            for (String name : context.disk().list(context.directory())) {
                long base = LogContext.baseIndexOf(name);
                if (base >= 0) {
                    bases.add(base);
                } else if (LogContext.isReplacement(name)) {
                    // It never took its segment's place.
                    context.disk().delete(context.directory().resolve(name));
                } else if (LogContext.isCopying(name)) {
                    copying.add(name);
                }
            }
            if (!known) {
                throw new CorruptLogException(context.directory(), 0, "the marks know nothing of this partition");
            }
        }
        boolean nothingDurable = mark.durable.position == 0;
        if (!known || (nothingDurable && bases.isEmpty())) {
            return recovered();
        }
        if (nothingDurable) {
            // That it is unused says nothing about what was written and not acknowledged.
            mark.clean = false;
            mark.durable.set(0, 0, 0, SegmentHeader.SIZE);
        }
        if (!bases.contains(mark.durable.segmentBaseIndex)) {
            throw new CorruptLogException(
                    context.logPath(mark.durable.segmentBaseIndex), 0, nothingDurable ? FIRST_MISSING : MARKED_MISSING);
        }
        if (mark.startIndex != Mark.UNKNOWN && bases.get(0) > mark.startIndex) {
            throw new CorruptLogException(context.logPath(mark.startIndex), 0, OLDEST_MISSING);
        }
        addBelowMark();
        addMarked(nothingDurable);
        if (mark.startIndex == Mark.UNKNOWN && !segments.isEmpty()) {
            context.marks().startsAt(context.partitionId(), segments.get(0).baseIndex());
        }
        return recovered();
    }

    private Recovered recovered() {
        if (segments.isEmpty()) {
            return new Recovered(segments, new Written(0, 0, 0, 0, null), -1, Long.MIN_VALUE);
        }
        Segment last = segments.get(segments.size() - 1);
        SegmentSummary end = last.summary();
        return new Recovered(
                segments,
                new Written(end.endIndex, end.endOffset, last.baseIndex(), end.endPosition, null),
                end.lastEpoch,
                Math.max(end.maxIngestionTimeMs, last.header().lastIngestionTimeMs()));
    }

    // ---- sealed segments below the mark: their header and footer must fit together

    private void addBelowMark() throws IOException {
        for (int i = 0; i < bases.size() && bases.get(i) < mark.durable.segmentBaseIndex; i++) {
            long base = bases.get(i);
            SegmentHeader header = header(base);
            if (header == null || !followsLast(header)) {
                throw new CorruptLogException(context.logPath(base), 0, "no header of this segment");
            }
            long nextBase = bases.get(i + 1);
            SegmentSummary footer = footer(header);
            if (footer == null || footer.endIndex != nextBase) {
                footer = rebuildFooter(header, nextBase);
            }
            segments.add(new Segment(context, header, footer, true, footer.endPosition));
        }
    }

    private boolean followsLast(SegmentHeader header) {
        if (segments.isEmpty()) {
            return true;
        }
        SegmentSummary last = segments.get(segments.size() - 1).summary();
        return header.baseIndex() == last.endIndex && header.baseOffset() == last.endOffset;
    }

    private @Nullable SegmentHeader header(long base) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentHeader.SIZE);
        try (DiskFile file = context.disk().open(context.logPath(base), Disk.Mode.READ)) {
            read(file, bytes, 0);
        }
        SegmentHeader header = SegmentHeader.decode(bytes.flip());
        return header != null && header.partitionId() == context.partitionId() && header.baseIndex() == base
                ? header
                : null;
    }

    /** At the end of the file, where a sealed segment has it. */
    private @Nullable SegmentSummary footer(SegmentHeader header) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentSummary.SIZE);
        long at;
        try (DiskFile file = context.disk().open(context.logPath(header.baseIndex()), Disk.Mode.READ)) {
            at = file.size() - SegmentSummary.SIZE;
            if (at < SegmentHeader.SIZE) {
                return null;
            }
            read(file, bytes, at);
        }
        SegmentSummary footer = SegmentSummary.decode(bytes.flip(), SegmentSummary.FOOTER);
        return footer != null
                        && footer.endPosition == at
                        && footer.partitionId == header.partitionId()
                        && footer.baseIndex == header.baseIndex()
                        && footer.baseOffset == header.baseOffset()
                ? footer
                : null;
    }

    private static void read(DiskFile file, ByteBuffer into, long position) throws IOException {
        int n = 0;
        while (into.hasRemaining() && n >= 0) {
            n = file.read(into, position + into.position());
        }
    }

    /** The footer is derived: if all entries are there and whole, up to where the next segment begins, it is too. */
    private SegmentSummary rebuildFooter(SegmentHeader header, long nextBase) throws IOException {
        LOG.warn("{}: the footer of segment {} is bad; reading all of it", context, header.baseIndex());
        Segment segment = adopt(header, SegmentSummary.of(header), newIndex(header.baseIndex()), SegmentHeader.SIZE);
        try {
            readTail(segment);
            if (!segment.summary().rolled() || segment.summary().endIndex != nextBase) {
                throw segment.corrupt(scanner);
            }
            finishSealed(segment);
            return segment.summary();
        } finally {
            segment.release();
        }
    }

    // ---- the segment that the mark points into, and the tail behind the mark

    private void addMarked(boolean nothingDurable) throws IOException {
        long base = mark.durable.segmentBaseIndex;
        SegmentHeader header = header(base);
        if (header == null || !followsLast(header)) {
            if (!nothingDurable) {
                throw new CorruptLogException(context.logPath(base), 0, "no header of this segment");
            }
            finishTail();
            return;
        }
        Segment segment = readToMark(header);
        segments.add(segment);
        boolean behindIsNothing = bases.get(bases.size() - 1) == base
                && segment.file().disk().size() == (segment.sealed() ? segment.sealedSize() : mark.durable.position);
        if (mark.clean
                && behindIsNothing
                && segment.sealed() == segment.summary().rolled()) {
            return;
        }
        if (!segment.summary().rolled()) {
            readTail(segment);
        }
        while (segment.summary().rolled()) {
            finishSealed(segment);
            long next = segment.summary().endIndex;
            header = bases.contains(next) ? header(next) : null;
            if (header == null || !followsLast(header)) {
                break;
            }
            segment = adopt(header, SegmentSummary.of(header), newIndex(next), SegmentHeader.SIZE);
            segments.add(segment);
            readTail(segment);
        }
        finishTail();
    }

    private Segment adopt(SegmentHeader header, SegmentSummary summary, SegmentIndex index, long trustedFrom)
            throws IOException {
        Segment segment = new Segment(context, header, summary, false, trustedFrom);
        segment.file();
        segment.adopt(index);
        return segment;
    }

    private SegmentIndex newIndex(long base) {
        return new SegmentIndex(base, context.config().indexIntervalBytes());
    }

    /** Reads only what neither a footer nor an index file says already. */
    private Segment readToMark(SegmentHeader header) throws IOException {
        SyncPoint end = mark.durable;
        SegmentSummary footer = footer(header);
        if (footer != null && footer.endPosition == end.position && footer.rolled()) {
            Segment sealed = new Segment(context, header, footer, true, footer.endPosition);
            checkLanding(sealed);
            return sealed;
        }
        IndexFile.Loaded loaded = IndexFile.load(context, header.baseIndex());
        boolean usable = loaded != null
                && loaded.covered().baseOffset == header.baseOffset()
                && loaded.covered().knowsEpochs(header)
                && loaded.covered().endIndex <= end.endIndex
                && loaded.covered().endPosition <= end.position;
        Segment segment = loaded != null && usable
                ? adopt(header, loaded.covered(), loaded.index(), end.position)
                : adopt(header, SegmentSummary.of(header), newIndex(header.baseIndex()), end.position);
        long size = segment.file().disk().size();
        if (size < end.position) {
            // Its last entry may have its head, and not all that is behind it.
            throw new CorruptLogException(
                    segment.path(), size, "the file ends here (expected, by the durable mark: " + end + ")");
        }
        scan(segment, EntryScanner.Depth.HEADS, end.position);
        if (segment.summary().endPosition < end.position) {
            throw segment.corrupt(scanner);
        }
        checkLanding(segment);
        return segment;
    }

    private void checkLanding(Segment segment) throws CorruptLogException {
        SegmentSummary found = segment.summary();
        if (found.endIndex != mark.durable.endIndex
                || found.endOffset != mark.durable.endOffset
                || found.endPosition != mark.durable.position) {
            throw new CorruptLogException(
                    segment.path(),
                    found.endPosition,
                    "the log is at entry " + found.endIndex + ", offset " + found.endOffset
                            + " (expected, by the durable mark: " + mark.durable + ")");
        }
    }

    private void scan(Segment segment, EntryScanner.Depth depth, long limit) throws IOException {
        SegmentSummary summary = segment.summary();
        DiskFile file = segment.file().disk();
        scanner.start(file::read, depth, summary.endPosition, limit, summary.endIndex, summary.endOffset);
        while (scanner.nextPosition() < limit && scanner.next()) {
            segment.append(scanner.envelope(), scanner.records());
            if (summary.rolled()) {
                return;
            }
        }
    }

    /** Keeps what is whole behind the mark. */
    private void readTail(Segment segment) throws IOException {
        DiskFile file = segment.file().disk();
        long size = file.size();
        scan(segment, EntryScanner.Depth.PAYLOADS, size);
        SegmentSummary summary = segment.summary();
        if (!summary.rolled() && holdsBytes(file, summary.endPosition, size)) {
            String problem = scanner.problem();
            LOG.warn(
                    "{}: CUT behind entry {}, offset {}: {} at byte {} of {}; nothing from there on was known durable",
                    context,
                    summary.endIndex,
                    summary.endOffset,
                    problem == null ? "space without an entry" : problem,
                    summary.endPosition,
                    segment.path());
        }
    }

    static boolean holdsBytes(DiskFile file, long from, long to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
        for (long at = from; at < to; at += bytes.limit()) {
            bytes.clear().limit((int) Math.min(bytes.capacity(), to - at));
            file.readFully(bytes, at);
            bytes.flip();
            while (bytes.remaining() >= Long.BYTES) {
                if (bytes.getLong() != 0) {
                    return true;
                }
            }
            while (bytes.hasRemaining()) {
                if (bytes.get() != 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Gives a segment that ends with a ROLL entry what sealing gives it, as far as the crash has left it out. */
    private void finishSealed(Segment segment) throws IOException {
        DiskFile file = segment.file().disk();
        if (segment.sealed()) {
            return;
        }
        SegmentIndex index = segment.index();
        ByteBuffer footer = segment.seal();
        file.write(footer, segment.summary().endPosition);
        file.truncate(segment.sealedSize());
        file.sync();
        IndexFile.write(context, index, segment.summary());
    }

    /** Removes what lies behind the end, durably, before anything can be written there. */
    private void finishTail() throws IOException {
        long lastBase =
                segments.isEmpty() ? -1 : segments.get(segments.size() - 1).baseIndex();
        for (int i = bases.size() - 1; i >= 0 && bases.get(i) > lastBase; i--) {
            LOG.warn("{}: segment {} lies behind the end of the log; removing it", context, bases.get(i));
            IndexFile.delete(context, bases.get(i));
            context.disk().delete(context.logPath(bases.get(i)));
        }
        if (!segments.isEmpty()) {
            Segment last = segments.get(segments.size() - 1);
            if (!last.sealed()) {
                IndexFile.delete(context, lastBase);
                last.file().disk().truncate(last.summary().endPosition);
            }
            last.file().disk().sync();
        }
        context.disk().syncDirectory(context.directory());
        context.parent().named();
        context.parent().sync();
        if (!segments.isEmpty()) {
            SegmentSummary end = segments.get(segments.size() - 1).summary();
            context.marks()
                    .durable(
                            context.partitionId(),
                            new SyncPoint().set(end.endIndex, end.endOffset, end.baseIndex, end.endPosition));
        }
    }
}
