package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Builds record batches, one after the other, into buffers it is given; {@link BatchLayout} draws the bytes. Allocates
 * nothing per record: without compression the records go straight to their place in the target; with it they gather in
 * memory of the builder, and the target gets whichever is smaller at the end, compressed or plain, so that compression
 * never makes a batch larger and the room can be judged by the plain size. Not thread-safe.
 *
 * <pre>
 * builder.reset(target);
 * while (builder.append(timeMs, key, value, List.of())) { ... }
 * int size = builder.finish(producerId, producerEpoch, sequence);
 * </pre>
 */
public final class RecordBatchBuilder {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int FIRST_STAGE_BYTES = 16 << 10;

    private final Compression compression;
    private final CRC32C crc = new CRC32C();
    /** Records that wait for compression. */
    private byte[] staged = new byte[0];

    private ByteBuffer stage = NOTHING;
    /** What compression makes, and what a rebase reads from. */
    private byte[] scratch = new byte[0];

    private ByteBuffer target = NOTHING;
    private int start;
    private int room;

    /** Where records are written: the target itself, or the stage where they wait for compression. */
    private ByteBuffer records = NOTHING;

    private int first;
    private int at;
    private int count;
    private long base;
    private long min;
    private long max;
    /** Size of all timestamp deltas as they are written now, which a smaller base would replace. */
    private long deltaBytes;

    public RecordBatchBuilder(Compression compression) {
        this.compression = compression;
    }

    /**
     * Starts a batch at {@code target}'s position; its limit ends the room. Borrows {@code target} until {@link #finish}
     * or the next reset, and leaves its position and limit alone.
     *
     * @param target big endian
     */
    public RecordBatchBuilder reset(ByteBuffer target) {
        if (target.order() != ByteOrder.BIG_ENDIAN) {
            throw new IllegalArgumentException("target: " + target.order() + " (expected: big endian)");
        }
        this.target = target;
        start = target.position();
        room = target.remaining();
        if (compression == Compression.NONE) {
            records = target;
            first = start + BatchLayout.HEADER_SIZE;
        } else {
            records = stage;
            first = 0;
        }
        at = first;
        count = 0;
        deltaBytes = 0;
        return this;
    }

    /**
     * Adds a record. Borrows the arrays until it returns.
     *
     * @param eventTimeMs any value, in any order
     * @return false where there is no room; then nothing was written, and a smaller record may still fit
     */
    public boolean append(
            long eventTimeMs, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        boolean isFirst = count == 0;
        long newBase = isFirst ? eventTimeMs : base;
        long newMin = isFirst ? eventTimeMs : Math.min(min, eventTimeMs);
        long newMax = isFirst ? eventTimeMs : Math.max(max, eventTimeMs);
        long delta = eventTimeMs - newBase;
        int deltaSize = Varints.sizeOf(delta);
        long bodySize = 1L
                + deltaSize
                + Varints.sizeOf(count)
                + RecordEncoding.sizeOf(key)
                + RecordEncoding.sizeOf(value)
                + RecordEncoding.sizeOf(headers);
        if (bodySize > room) {
            return false;
        }
        int size = Varints.sizeOf((int) bodySize) + (int) bodySize;
        long needed =
                (long) at - first + size + rebaseReserve(newBase, newMin, newMax, count + 1, deltaBytes + deltaSize);
        if (BatchLayout.HEADER_SIZE + needed > room) {
            return false;
        }
        if (compression != Compression.NONE && needed > staged.length) {
            growStage(needed);
        }
        at = RecordEncoding.putStart(records, at, (int) bodySize, delta, count);
        at = RecordEncoding.putField(records, at, key);
        at = RecordEncoding.putField(records, at, value);
        at = RecordEncoding.putHeaders(records, at, headers);
        base = newBase;
        min = newMin;
        max = newMax;
        deltaBytes += deltaSize;
        count++;
        return true;
    }

    /**
     * What re-encoding against a smaller base may add: each delta may become as wide as the whole range, and each
     * length field one byte longer. Nothing while the first record is also the earliest, which is the rule.
     */
    private static long rebaseReserve(long base, long min, long max, long count, long deltaBytes) {
        if (min == base) {
            return 0;
        }
        long range = max - min;
        int widest = range < 0 ? Varints.sizeOf(Long.MIN_VALUE) : Varints.sizeOf(range);
        return count * (widest + 1L) - deltaBytes;
    }

    private void growStage(long needed) {
        long doubled = Math.max(FIRST_STAGE_BYTES, 2L * staged.length);
        staged = Arrays.copyOf(staged, (int) Math.max(needed, Math.min(room, doubled)));
        stage = ByteBuffer.wrap(staged);
        records = stage;
    }

    public int recordCount() {
        return count;
    }

    /** What the batch takes at most if it were finished now. */
    public int sizeInBytes() {
        long reserve = count == 0 ? 0 : rebaseReserve(base, min, max, count, deltaBytes);
        return (int) (BatchLayout.HEADER_SIZE + at - first + reserve);
    }

    /**
     * What a batch with this one record takes at most: a target with this much room takes it. Integer.MAX_VALUE where it
     * is too large for any.
     */
    public static int sizeUpperBound(byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        // Length, attributes, the two deltas of a first record; fields.
        long size = BatchLayout.HEADER_SIZE
                + 5L
                + 1
                + 1
                + 1
                + RecordEncoding.sizeOf(key)
                + RecordEncoding.sizeOf(value)
                + RecordEncoding.sizeOf(headers);
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    /**
     * Completes the batch, which then stands at [start, start + size) of the target, where start was its position at the
     * reset. Pass {@link BatchLayout#NO_PRODUCER} for a producer without idempotence.
     *
     * @return its size
     */
    public int finish(long producerId, short producerEpoch, int baseSequence) {
        if (count == 0) {
            throw new IllegalStateException("batch: no records (expected: at least one before finish)");
        }
        if (min != base) {
            rebase();
        }
        int recordsAt = start + BatchLayout.HEADER_SIZE;
        int length = at - first;
        Compression used = compression;
        if (compression != Compression.NONE) {
            int packedLength = pack(length);
            if (packedLength < length) {
                target.put(recordsAt, scratch, 0, packedLength);
                length = packedLength;
            } else {
                used = Compression.NONE;
                target.put(recordsAt, staged, 0, length);
            }
        }
        int size = BatchLayout.HEADER_SIZE + length;
        writeHeader(size, used);
        target.putLong(start + BatchLayout.PRODUCER_ID, producerId);
        target.putShort(start + BatchLayout.PRODUCER_EPOCH, producerEpoch);
        target.putInt(start + BatchLayout.BASE_SEQUENCE, baseSequence);
        target.putInt(start + BatchLayout.CRC, Crc32c.of(crc, target, start + BatchLayout.ATTRIBUTES, start + size));
        target = NOTHING;
        records = NOTHING;
        room = 0;
        count = 0;
        at = first;
        return size;
    }

    private void writeHeader(int size, Compression used) {
        target.putLong(start + BatchLayout.BASE_OFFSET, 0);
        target.putInt(start + BatchLayout.LENGTH, size - BatchLayout.LENGTH_OVERHEAD);
        target.putInt(start + BatchLayout.LEADER_EPOCH, BatchLayout.NO_LEADER_EPOCH);
        target.put(start + BatchLayout.MAGIC, BatchLayout.MAGIC_V2);
        target.putShort(start + BatchLayout.ATTRIBUTES, (short) used.id());
        target.putInt(start + BatchLayout.LAST_OFFSET_DELTA, count - 1);
        target.putLong(start + BatchLayout.BASE_TIMESTAMP, min);
        target.putLong(start + BatchLayout.MAX_TIMESTAMP, max);
        target.putInt(start + BatchLayout.RECORD_COUNT, count);
    }

    /** Compresses what is staged into {@link #scratch}; returns how much it became. */
    private int pack(int length) {
        Codec codec = Codecs.of(compression);
        int needed = codec.maxCompressedLength(length);
        if (scratch.length < needed) {
            scratch = new byte[needed];
        }
        return codec.compress(staged, length, scratch);
    }

    /**
     * A later record was earlier than the first: writes all records again with deltas from the earliest. Once a batch,
     * however many came late; {@link #rebaseReserve} has kept the room.
     */
    private void rebase() {
        int length = at - first;
        if (scratch.length < length) {
            scratch = new byte[length];
        }
        records.get(first, scratch, 0, length);
        at = RecordEncoding.shiftTimestamps(scratch, length, base - min, records, first);
        base = min;
    }

    /**
     * Gives a finished batch another producer id, epoch and sequence, and its checksum anew. Borrows the buffer.
     */
    public static void restampProducer(
            ByteBuffer buffer, int position, long producerId, short producerEpoch, int baseSequence) {
        int end = position + BatchLayout.LENGTH_OVERHEAD + buffer.getInt(position + BatchLayout.LENGTH);
        buffer.putLong(position + BatchLayout.PRODUCER_ID, producerId);
        buffer.putShort(position + BatchLayout.PRODUCER_EPOCH, producerEpoch);
        buffer.putInt(position + BatchLayout.BASE_SEQUENCE, baseSequence);
        buffer.putInt(
                position + BatchLayout.CRC, Crc32c.of(new CRC32C(), buffer, position + BatchLayout.ATTRIBUTES, end));
    }
}
