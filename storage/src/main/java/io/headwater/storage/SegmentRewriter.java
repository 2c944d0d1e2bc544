package io.headwater.storage;

import io.headwater.record.BatchSlicer;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.Hole;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordFilter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes, of one sealed segment, the file that is to take its place: in short steps, on the background thread, under a
 * name of its own. Control entries and whole batches stay as they are, byte by byte; a batch that loses some records is
 * built anew; neighbouring entries that lose all become one {@link Hole}. It first looks for something to remove, and
 * writes nothing if there is nothing. The same segment and the same filter make the same bytes.
 */
final class SegmentRewriter {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentRewriter.class);

    /** How much one step reads, and how much is written between two syncs: a group commit may have to wait for that. */
    static final int STEP_BYTES = 1 << 20;

    private static final int GATHER_BYTES = 256 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final LogContext context;
    private final SegmentHeader header;
    private final SegmentSummary before;
    private final SegmentFile source;
    private final RecordFilter filter;

    private final EntryScanner scanner;
    private final RecordBatch batch = new RecordBatch();
    private final Envelope envelope = new Envelope();
    private final BatchSlicer slicer = new BatchSlicer();
    private final EventTimes times = new EventTimes();
    private final ByteBuffer gathered = ByteBuffer.allocate(GATHER_BYTES);
    private ByteBuffer entry = NOTHING;
    private ByteBuffer rebuilt = NOTHING;

    private SegmentSummary after;
    private SegmentIndex index;
    private final PendingHole hole = new PendingHole();
    private final ByteBuffer holeBytes = ByteBuffer.allocate(Hole.SIZE);
    private @Nullable DiskFile target;
    private long written;
    private long synced;
    private long unreadableBatches;
    private boolean looksInside;
    private boolean released;

    /**
     * Touches no file yet.
     *
     * @param source retained by the caller for this; it is released here
     * @param scanner nobody else uses it meanwhile
     */
    SegmentRewriter(
            LogContext context, Segment segment, SegmentFile source, RecordFilter filter, EntryScanner scanner) {
        this.context = context;
        this.header = segment.header();
        this.before = segment.summary();
        this.source = source;
        this.filter = filter;
        this.scanner = scanner;
        this.after = before;
        this.index = newIndex();
        restart();
    }

    private SegmentIndex newIndex() {
        return new SegmentIndex(header.baseIndex(), context.config().indexIntervalBytes());
    }

    private void restart() {
        scanner.start(
                source.disk()::read,
                EntryScanner.Depth.HEADS,
                SegmentHeader.SIZE,
                before.endPosition,
                header.baseIndex(),
                header.baseOffset());
    }

    /** What the new file holds, when it is made. */
    SegmentSummary summary() {
        return after;
    }

    SegmentIndex index() {
        return index;
    }

    Path path() {
        return context.rewritingPath(header.baseIndex());
    }

    /** Whether there is a new file. */
    boolean changed() {
        return after != before;
    }

    long unreadableBatches() {
        return unreadableBatches;
    }

    /**
     * Does a part of the work.
     *
     * @return true: all is done, and the new file, if there is one, is on the disk
     * @throws CorruptLogException if the segment is damaged
     * @throws DiskFullException if there is no room for the new file
     */
    boolean step() throws IOException {
        long until = scanner.nextPosition() + STEP_BYTES;
        while (scanner.nextPosition() < until) {
            if (!scanner.next()) {
                if (scanner.nextPosition() != before.endPosition) {
                    throw corrupt(scanner.nextPosition(), scanner.problem());
                }
                finish();
                return true;
            }
            if (target != null) {
                copy();
            } else if (losesSome()) {
                begin();
                return false;
            }
        }
        if (target != null && written - synced >= STEP_BYTES) {
            sync();
        }
        return false;
    }

    private CorruptLogException corrupt(long position, @Nullable String problem) {
        return new CorruptLogException(source.path(), position, problem == null ? "an entry is missing" : problem);
    }

    // ---- what an entry loses

    private enum Loss {
        NONE,
        /** Perhaps some, and perhaps none or all: its records have to be read. */
        SOME,
        ALL
    }

    /** As far as the entry's head tells. */
    private Loss loss() {
        Envelope head = scanner.envelope();
        if (scanner.records() == 0) {
            return Loss.NONE;
        }
        long untilOffset = head.baseOffset() + head.recordCount();
        long kept = filter.kept(head.baseOffset(), untilOffset);
        if (kept == 0) {
            return Loss.ALL;
        }
        looksInside = filter.looksInside(head.baseOffset(), untilOffset);
        return looksInside || kept < head.recordCount() ? Loss.SOME : Loss.NONE;
    }

    private boolean losesSome() throws IOException {
        return switch (loss()) {
            case NONE -> false;
            case SOME -> readRecords() && keptRecords() < slicer.recordCount();
            case ALL -> true;
        };
    }

    /** Reads and checks all bytes of the entry, and its records; false if they cannot be decompressed. */
    private boolean readRecords() throws IOException {
        loadEntry();
        try {
            slicer.open(batch.wrap(entry, Envelope.SIZE));
            return true;
        } catch (InvalidBatchException e) {
            unreadableBatches++;
            LOG.debug("{}: the records at offset {} stay: {}", context, batch.baseOffset(), e.getMessage());
            return false;
        }
    }

    private void loadEntry() throws IOException {
        int length = scanner.envelope().length();
        if (entry.capacity() < length) {
            entry = ByteBuffer.allocate(length);
        }
        entry.clear();
        for (int at = 0; at < length; at = entry.position()) {
            // In pieces: the JDK keeps memory of the size of the largest that a thread ever read.
            entry.limit(Math.min(length, at + GATHER_BYTES));
            source.disk().readFully(entry, scanner.position() + at);
        }
        entry.flip();
        envelope.wrap(entry, 0);
        if (!envelope.crcMatches() || !envelope.payloadCrcMatches()) {
            throw corrupt(scanner.position(), "the checksum of a payload does not match");
        }
    }

    private int keptRecords() {
        int kept = 0;
        for (int i = 0; i < slicer.recordCount(); i++) {
            if (keeps(i)) {
                kept++;
            }
        }
        return kept;
    }

    private boolean keeps(int record) {
        return filter.keeps(slicer.offset(record)) && (!looksInside || filter.keeps(slicer.record(record)));
    }

    // ---- the new file

    private void begin() throws IOException {
        deleteQuietly();
        target = context.disk().open(path(), Disk.Mode.CREATE_NEW);
        written = 0;
        synced = 0;
        after = SegmentSummary.of(header);
        index = newIndex();
        write(header.encode());
        unreadableBatches = 0;
        restart();
    }

    /** Takes over what stays of the current entry. */
    private void copy() throws IOException {
        boolean isHole = scanner.envelope().kind() == EntryKind.DATA && scanner.records() == 0;
        switch (isHole ? Loss.ALL : loss()) {
            case NONE -> copyWhole();
            case SOME -> copySome();
            case ALL -> intoHole();
        }
    }

    private void copyWhole() throws IOException {
        loadEntry();
        append(entry, scanner.records());
    }

    private void copySome() throws IOException {
        if (!readRecords()) {
            append(entry, scanner.records());
            return;
        }
        int kept = rebuild();
        if (kept == 0) {
            intoHole();
        } else if (kept == slicer.recordCount()) {
            append(entry, kept);
        } else {
            append(rebuilt, kept);
        }
    }

    /** Makes of the entry that was read one with the records that stay; returns how many these are. */
    private int rebuild() {
        int room = Hole.SIZE + slicer.sizeInBytes(0, slicer.recordCount());
        if (rebuilt.capacity() < room) {
            rebuilt = ByteBuffer.allocate(room);
        }
        rebuilt.clear().position(Envelope.SIZE);
        slicer.begin(rebuilt);
        times.set(Long.MAX_VALUE, Long.MIN_VALUE);
        int kept = 0;
        for (int i = 0; i < slicer.recordCount(); i++) {
            if (keeps(i)) {
                RecordCursor record = slicer.record(i);
                times.set(Math.min(times.minMs, record.eventTimeMs()), Math.max(times.maxMs, record.eventTimeMs()));
                slicer.add(i, i + 1);
                kept++;
            }
        }
        if (kept > 0 && kept < slicer.recordCount()) {
            slicer.finishCompressed();
            encodeRebuilt();
        }
        return kept;
    }

    private void encodeRebuilt() {
        rebuilt.flip();
        try {
            batch.wrap(rebuilt, Envelope.SIZE);
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch that was just made: " + e.getMessage(), e);
        }
        Envelope head = scanner.envelope();
        envelope.wrap(rebuilt, 0).encodeData(batch, times, head.entryIndex(), head.ingestionTimeMs());
    }

    private void intoHole() throws IOException {
        if (!hole.add(scanner.envelope())) {
            writeHole();
            hole.add(scanner.envelope());
        }
    }

    private void writeHole() throws IOException {
        if (hole.isEmpty()) {
            return;
        }
        hole.encode(holeBytes.clear());
        envelope.wrap(holeBytes.flip(), 0);
        noteAndWrite(holeBytes, 0);
        hole.clear();
    }

    /** Appends an entry behind the hole before it, if there is one. */
    private void append(ByteBuffer bytes, int records) throws IOException {
        writeHole();
        envelope.wrap(bytes, 0);
        noteAndWrite(bytes, records);
    }

    private void noteAndWrite(ByteBuffer bytes, int records) throws IOException {
        index.add(envelope, after.endPosition);
        after.add(envelope, records);
        write(bytes);
    }

    private void write(ByteBuffer bytes) throws IOException {
        if (bytes.remaining() > gathered.remaining()) {
            writeGathered();
        }
        if (bytes.remaining() > gathered.capacity()) {
            writeOut(bytes);
        } else {
            gathered.put(bytes);
        }
    }

    private void writeGathered() throws IOException {
        writeOut(gathered.flip());
        gathered.clear();
    }

    private void writeOut(ByteBuffer bytes) throws IOException {
        DiskFile file = target;
        if (file != null) {
            int limit = bytes.limit();
            while (bytes.position() < limit) {
                int length = Math.min(GATHER_BYTES, limit - bytes.position());
                file.write(bytes.limit(bytes.position() + length), written);
                written += length;
            }
        }
    }

    private void sync() throws IOException {
        DiskFile file = target;
        if (file != null) {
            file.sync();
            synced = written;
        }
    }

    private void finish() throws IOException {
        if (target != null) {
            if (after.endIndex != before.endIndex || after.endOffset != before.endOffset || !after.rolled()) {
                throw corrupt(before.endPosition, "the entries do not add up to what was written");
            }
            ByteBuffer footer = ByteBuffer.allocate(SegmentSummary.SIZE);
            after.encode(footer, SegmentSummary.FOOTER);
            write(footer.flip());
            writeGathered();
            sync();
        }
        release();
    }

    /** Lets go of both files. The new one, if it is not complete and in place, is deleted by {@link #discard}. */
    private void release() {
        if (released) {
            return;
        }
        released = true;
        source.release();
        DiskFile file = target;
        target = null;
        entry = NOTHING;
        rebuilt = NOTHING;
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            LOG.warn("{}: {} could not be closed: {}", context, path(), e.toString());
        }
    }

    /** The new file is not wanted any more. */
    void discard() {
        release();
        if (changed()) {
            deleteQuietly();
        }
    }

    private void deleteQuietly() {
        try {
            context.disk().delete(path());
        } catch (NoSuchFileException none) {
            // That is what was wanted.
        } catch (IOException e) {
            LOG.warn("{}: {} could not be deleted; the next start tries again: {}", context, path(), e.toString());
        }
    }

    /** Entries, one behind the other, that lost all their records and are not written yet. */
    private static final class PendingHole {
        private long entryIndex;
        private int entries;
        private long baseOffset;
        private long offsets;
        private int epoch;
        private long ingestionTimeMs;

        boolean isEmpty() {
            return entries == 0;
        }

        void clear() {
            entries = 0;
        }

        /** False: it takes no more, and has to be written first. */
        boolean add(Envelope entry) {
            if (entries == 0) {
                entryIndex = entry.entryIndex();
                baseOffset = entry.baseOffset();
                offsets = 0;
                epoch = entry.leaderEpoch();
                ingestionTimeMs = entry.ingestionTimeMs();
            } else if (epoch != entry.leaderEpoch()
                    || entries + entry.entryCount() > Hole.MOST_ENTRIES
                    || offsets + entry.recordCount() > Integer.MAX_VALUE) {
                return false;
            }
            entries += entry.entryCount();
            offsets += entry.recordCount();
            return true;
        }

        void encode(ByteBuffer into) {
            Hole.encode(into, entryIndex, entries, baseOffset, (int) offsets, epoch, ingestionTimeMs);
        }
    }
}
