package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Goes over the records of one batch. After {@link #next} said true, the accessors tell of that record; positions are
 * absolute in {@link #buffer}. Reusable, allocates nothing per record except where an accessor returns an object. Not
 * thread-safe.
 */
public final class RecordCursor {
    /** Batches that inflate to more than this are refused, unless the constructor was told another bound. */
    public static final int DEFAULT_MAX_INFLATED_BYTES = 64 << 20;

    private final RecordParser parser = new RecordParser();
    private final Inflated inflated;
    private ByteBuffer inflatedView = ByteBuffer.allocate(0);
    private byte[] compressed = new byte[0];

    private int end;
    private int count;
    private int read;
    private int lastOffsetDelta;
    private int previousOffsetDelta;
    private long baseOffset;
    private long baseTimestamp;
    private long appendTime;
    private boolean isAppendTime;

    public RecordCursor() {
        this(DEFAULT_MAX_INFLATED_BYTES);
    }

    /** @param maxInflatedBytes a compressed batch that inflates to more is refused */
    public RecordCursor(int maxInflatedBytes) {
        if (maxInflatedBytes <= 0) {
            throw new IllegalArgumentException("maxInflatedBytes: " + maxInflatedBytes + " (expected: more than 0)");
        }
        this.inflated = new Inflated(maxInflatedBytes);
    }

    RecordCursor start(RecordBatch batch) throws InvalidBatchException {
        int from = batch.position() + BatchLayout.HEADER_SIZE;
        int to = batch.position() + batch.sizeInBytes();
        count = 0;
        read = 0;
        if (batch.compression() == Compression.NONE) {
            parser.buffer = batch.buffer();
            parser.at = from;
            end = to;
        } else {
            inflate(batch.compression(), batch.buffer(), from, to - from);
            parser.buffer = inflatedView;
            parser.at = 0;
            end = inflated.length();
        }
        int claimed = batch.recordCount();
        if (claimed < 0 || claimed > (end - parser.at) / RecordParser.MIN_RECORD_SIZE) {
            throw new InvalidBatchException("record count: " + claimed + " (expected: 0 to "
                    + (end - parser.at) / RecordParser.MIN_RECORD_SIZE + ", what the size allows)");
        }
        count = claimed;
        lastOffsetDelta = batch.lastOffsetDelta();
        previousOffsetDelta = -1;
        baseOffset = batch.baseOffset();
        baseTimestamp = batch.baseTimestamp();
        isAppendTime = batch.isAppendTime();
        appendTime = batch.maxTimestamp();
        return this;
    }

    private void inflate(Compression compression, ByteBuffer from, int position, int length)
            throws InvalidBatchException {
        Codec codec = Codecs.of(compression);
        if (from.hasArray()) {
            codec.decompress(from.array(), from.arrayOffset() + position, length, inflated);
        } else {
            if (compressed.length < length) {
                compressed = new byte[length];
            }
            from.get(position, compressed, 0, length);
            codec.decompress(compressed, 0, length, inflated);
        }
        if (inflatedView.array() != inflated.bytes()) {
            inflatedView = ByteBuffer.wrap(inflated.bytes());
        }
    }

    /**
     * Goes to the next record; false behind the last.
     *
     * @throws InvalidBatchException where the bytes are no record, or do not end where the header says; then the cursor
     *     stays where it is of no further use
     */
    public boolean next() throws InvalidBatchException {
        if (read == count) {
            if (parser.at != end) {
                throw RecordBatch.trailing(end - parser.at, count);
            }
            return false;
        }
        parser.parse(end);
        int delta = parser.offsetDelta;
        // Dense in what producers send; a rewritten batch may have holes, but never goes back.
        if (delta <= previousOffsetDelta || delta > lastOffsetDelta) {
            throw new InvalidBatchException("offset delta: " + delta + " (expected: " + (previousOffsetDelta + 1)
                    + " to " + lastOffsetDelta + ")");
        }
        previousOffsetDelta = delta;
        read++;
        return true;
    }

    /** Goes to a record that this cursor has passed in the batch, which starts at {@code position}. */
    void moveTo(int position) {
        parser.at = position;
        try {
            parser.parse(end);
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a record that was read before: " + e.getMessage(), e);
        }
    }

    public long offset() {
        return baseOffset + parser.offsetDelta;
    }

    public long eventTimeMs() {
        return isAppendTime ? appendTime : baseTimestamp + parser.timestampDelta;
    }

    /** Of the whole record as it stands uncompressed in a batch, its length field included. */
    public int sizeInBytes() {
        return parser.at - parser.recordStart;
    }

    /** Where the record starts, with its length field, in {@link #buffer}. */
    public int recordPosition() {
        return parser.recordStart;
    }

    public boolean hasKey() {
        return parser.keyLength >= 0;
    }

    public int keyPosition() {
        return parser.keyPosition;
    }

    /** 0 also where there is no key. */
    public int keyLength() {
        return Math.max(0, parser.keyLength);
    }

    /** A copy, or null where there is no key. */
    public byte @Nullable [] key() {
        return copyOf(parser.keyPosition, parser.keyLength);
    }

    public boolean hasValue() {
        return parser.valueLength >= 0;
    }

    public int valuePosition() {
        return parser.valuePosition;
    }

    /** 0 also where there is no value. */
    public int valueLength() {
        return Math.max(0, parser.valueLength);
    }

    /** A copy, or null where there is no value. */
    public byte @Nullable [] value() {
        return copyOf(parser.valuePosition, parser.valueLength);
    }

    public int headerCount() {
        return parser.headerCount;
    }

    /** Copies, in order. Bytes of a name that are not UTF-8 become U+FFFD. */
    public List<RecordHeader> headers() {
        if (parser.headerCount == 0) {
            return List.of();
        }
        RecordHeader[] headers = new RecordHeader[parser.headerCount];
        HeaderReader reader = new HeaderReader(parser.buffer, parser.headersPosition);
        for (int i = 0; i < headers.length; i++) {
            byte[] name = reader.bytes();
            headers[i] = new RecordHeader(
                    new String(name == null ? new byte[0] : name, StandardCharsets.UTF_8), reader.bytes());
        }
        return List.of(headers);
    }

    /** Where the positions point into: the batch's buffer, or memory of this cursor where the batch was compressed. */
    public ByteBuffer buffer() {
        return parser.buffer;
    }

    private byte @Nullable [] copyOf(int position, int length) {
        if (length < 0) {
            return null;
        }
        byte[] copy = new byte[length];
        parser.buffer.get(position, copy);
        return copy;
    }

    /** Reads headers that {@link RecordParser} has already found to be well formed. */
    private static final class HeaderReader {
        private final ByteBuffer buffer;
        private int at;

        HeaderReader(ByteBuffer buffer, int at) {
            this.buffer = buffer;
            this.at = at;
        }

        byte @Nullable [] bytes() {
            int zigzag = 0;
            int shift = 0;
            byte next;
            do {
                next = buffer.get(at++);
                zigzag |= (next & 0x7f) << shift;
                shift += 7;
            } while (next < 0);
            int length = (zigzag >>> 1) ^ -(zigzag & 1);
            if (length < 0) {
                return null;
            }
            byte[] copy = new byte[length];
            buffer.get(at, copy);
            at += length;
            return copy;
        }
    }
}
