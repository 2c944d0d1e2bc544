package io.headwater.storage;

import io.headwater.record.BatchLayout;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the entries of one segment and believes nothing: each envelope's checksum, its entry index and base offset
 * (which must go on from the entry before, so that a stale tail cannot come back to life), its ingestion time and, if
 * asked to, the payload's checksum. The same walk serves recovery, cold reads, replay, the verifier and the dumper.
 *
 * <p>It reads into a buffer of its own and computes checksums there, never over a mapping: that would kill the process
 * at an unreadable page.
 */
final class EntryScanner {
    /** Where the bytes come from. */
    @FunctionalInterface
    interface Source {
        /** Like {@link DiskFile#read}. */
        int read(ByteBuffer dst, long position) throws IOException;
    }

    /** How much of an entry is checked. */
    enum Depth {
        /** Envelope and batch header. */
        HEADS,
        /** All bytes. */
        PAYLOADS
    }

    private static final int HEAD_BYTES = Envelope.SIZE + BatchLayout.HEADER_SIZE;
    private static final int FIRST_READ_BYTES = 4 << 10;
    private static final int WINDOW_BYTES = 128 << 10;

    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES);
    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
    private final Envelope envelope = new Envelope();
    private final CRC32C crc = new CRC32C();

    private Source source = (dst, position) -> -1;
    private Depth depth = Depth.HEADS;
    private long windowStart;
    private int windowBytes;
    private int readAhead;
    private long limit;
    private long position;
    private long nextPosition;
    private long nextIndex;
    private long nextOffset;
    private long lastIngestionTimeMs;
    private @Nullable String problem;

    /** Starts at an entry's first byte, where the entry with this index and offset must stand. */
    void start(Source source, Depth depth, long position, long limit, long index, long offset) {
        this.source = source;
        this.depth = depth;
        this.limit = limit;
        this.windowStart = position;
        this.windowBytes = 0;
        this.readAhead = FIRST_READ_BYTES;
        this.lastIngestionTimeMs = Long.MIN_VALUE;
        this.problem = null;
        skipTo(position, index, offset);
    }

    /** Goes on at the first byte of a later entry, known from the index. */
    void skipTo(long position, long index, long offset) {
        this.position = position;
        this.nextPosition = position;
        this.nextIndex = index;
        this.nextOffset = offset;
    }

    /**
     * Moves to the next entry. False at the limit, at space that was never written, and at bytes that are no entry: then
     * {@link #problem} says what is wrong, and {@link #nextPosition} where.
     *
     * @throws IOException if the bytes could not be read; that says nothing about them
     */
    boolean next() throws IOException {
        long at = nextPosition;
        int available = fill(at, HEAD_BYTES);
        int from = (int) (at - windowStart);
        if (available < Integer.BYTES || window.getInt(from) == 0) {
            problem = null;
            return false;
        }
        head.clear().put(0, window, from, available).limit(available);
        if (available < Envelope.SIZE) {
            return bad("an envelope is cut off");
        }
        envelope.wrap(head, 0);
        if (!envelope.crcMatches()) {
            return bad("the checksum of an envelope (or of the batch header behind it) does not match");
        }
        if (envelope.length() > limit - at) {
            return bad("an entry of " + envelope.length() + " bytes is cut off after " + (limit - at));
        }
        if (envelope.entryIndex() != nextIndex || envelope.baseOffset() != nextOffset) {
            return bad("entry " + envelope.entryIndex() + " with offset " + envelope.baseOffset() + " (expected: entry "
                    + nextIndex + " with offset " + nextOffset + ")");
        }
        if (envelope.ingestionTimeMs() < lastIngestionTimeMs) {
            return bad("ingestion time " + envelope.ingestionTimeMs() + " (expected: at least " + lastIngestionTimeMs
                    + ")");
        }
        try {
            if (depth == Depth.PAYLOADS && payloadCrc(at) != envelope.payloadCrc()) {
                return bad("the checksum of a payload does not match");
            }
        } catch (EOFException shorter) {
            return bad("an entry of " + envelope.length() + " bytes is cut off by the end of the file");
        }
        position = at;
        nextPosition = at + envelope.length();
        nextIndex += envelope.entryCount();
        nextOffset += envelope.recordCount();
        lastIngestionTimeMs = envelope.ingestionTimeMs();
        return true;
    }

    private boolean bad(String what) {
        problem = what;
        return false;
    }

    /** Whether all bytes of the current entry are what was written; for a walk that looks at heads only. */
    boolean payloadMatches() throws IOException {
        return payloadCrc(position) == envelope.payloadCrc();
    }

    /** Of the entry that {@link #next} moved to. Wrapped anew by the next call. */
    Envelope envelope() {
        return envelope;
    }

    /** How many records the current entry holds: none if it is a control entry or a hole. */
    int records() {
        return envelope.kind() == EntryKind.DATA ? head.getInt(Envelope.SIZE + BatchLayout.RECORD_COUNT) : 0;
    }

    /** Of the current entry's first byte. */
    long position() {
        return position;
    }

    /** Behind the current entry; after a false {@link #next} where it looked. */
    long nextPosition() {
        return nextPosition;
    }

    long nextIndex() {
        return nextIndex;
    }

    long nextOffset() {
        return nextOffset;
    }

    /** What is wrong at {@link #nextPosition}; {@code null} if nothing is, or nothing is there. */
    @Nullable
    String problem() {
        return problem;
    }

    /** Whether what {@link #payload} has read is what was written: that {@link #next} has found of a DATA entry's batch header. */
    boolean isIntact(ByteBuffer payload) {
        if (envelope.kind() == EntryKind.DATA) {
            return true;
        }
        crc.reset();
        crc.update(payload.duplicate());
        return (int) crc.getValue() == envelope.payloadCrc();
    }

    /** The current entry's batch header, or all of its payload if it is a control entry. Lent until {@link #next}. */
    ByteBuffer payload() throws IOException {
        if (envelope.kind() == EntryKind.DATA) {
            return head.duplicate().position(Envelope.SIZE).limit(HEAD_BYTES);
        }
        ByteBuffer payload = ByteBuffer.allocate(envelope.length() - Envelope.SIZE);
        long from = position + Envelope.SIZE;
        while (payload.hasRemaining()) {
            if (source.read(payload, from + payload.position()) < 0) {
                throw new EOFException("file ends inside an entry that begins at " + position);
            }
        }
        return payload.flip();
    }

    private int payloadCrc(long at) throws IOException {
        long from = at + Envelope.SIZE + (envelope.kind() == EntryKind.DATA ? BatchLayout.ATTRIBUTES : 0);
        long end = at + envelope.length();
        crc.reset();
        while (from < end) {
            int n = fill(from, (int) Math.min(end - from, WINDOW_BYTES));
            if (n == 0) {
                throw new EOFException("file ends inside an entry that begins at " + at);
            }
            int start = (int) (from - windowStart);
            window.limit(start + n).position(start);
            crc.update(window);
            window.clear();
            from += n;
        }
        return (int) crc.getValue();
    }

    /** Makes up to {@code want} bytes from {@code at} on readable in the window; returns how many there are. */
    private int fill(long at, int want) throws IOException {
        int wanted = (int) Math.min(want, limit - at);
        long windowEnd = windowStart + windowBytes;
        if (at >= windowStart && at + wanted <= windowEnd) {
            return wanted;
        }
        boolean onward = at >= windowStart && at <= windowEnd;
        if (depth == Depth.PAYLOADS) {
            readAhead = WINDOW_BYTES;
        } else {
            readAhead = onward ? Math.min(readAhead * 2, WINDOW_BYTES) : FIRST_READ_BYTES;
        }
        window.clear().limit((int) Math.min(Math.max(readAhead, wanted), limit - at));
        int n = 0;
        while (window.hasRemaining() && n >= 0) {
            n = source.read(window, at + window.position());
        }
        windowBytes = window.position();
        window.clear();
        windowStart = at;
        return Math.min(wanted, windowBytes);
    }
}
