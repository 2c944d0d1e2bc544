package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The sparse index of one segment: a step for about every {@code intervalBytes} of log, each at the border of an entry.
 * Derived: the file can be deleted at any time. In memory and in the file a step is five 64-bit words.
 *
 * <pre>
 *   0                                    8            16                   24               32               40
 *   +---+--------------+-----------------+------------+--------------------+----------------+----------------+
 *   | C | index, u31   | position, i32   | offset     | ingestion time     | min event time | max event time |
 *   |   | minus base   |                 | i64        | of the first entry | of all entries | of all entries |
 *   +---+--------------+-----------------+------------+--------------------+----------------+----------------+
 * </pre>
 *
 * C: the step holds a control entry. Ingestion times never fall, so the first of a step bounds all of the one before.
 * The file is a {@link SegmentSummary} of what the steps cover, the number of steps (i32), the steps, the number of leader
 * epochs that begin there (i32), each of those with the index of its first entry (i32, i64), and a CRC-32C over all before
 * it.
 */
final class SegmentIndex {
    /** Bounds memory to 1.25 MiB a segment: beyond it neighbours are merged, and steps become twice as long. */
    private static final int MAX_STEPS = 1 << 15;

    private static final int WORDS = 5;
    private static final int EPOCH_BYTES = 4 + 8;
    private static final int MOST_EPOCHS = 1 << 16;
    /** A file larger than this is no index. */
    static final int MOST_BYTES = SegmentSummary.SIZE + 4 + MAX_STEPS * WORDS * 8 + 4 + MOST_EPOCHS * EPOCH_BYTES + 4;

    private static final long CONTROL = 1L << 63;

    private final long baseIndex;
    private int intervalBytes;
    private long[] steps;
    private int count;

    SegmentIndex(long baseIndex, int intervalBytes) {
        this(baseIndex, intervalBytes, new long[16 * WORDS], 0);
    }

    private SegmentIndex(long baseIndex, int intervalBytes, long[] steps, int count) {
        this.baseIndex = baseIndex;
        this.intervalBytes = intervalBytes;
        this.steps = steps;
        this.count = count;
    }

    /** Adds the entry behind the last one. */
    void add(Envelope entry, long position) {
        boolean data = entry.kind() == EntryKind.DATA;
        long min = data ? entry.minEventTimeMs() : Long.MAX_VALUE;
        long max = data ? entry.maxEventTimeMs() : Long.MIN_VALUE;
        if (count == 0 || position - position(count - 1) >= intervalBytes) {
            begin(entry, position, min, max);
        } else {
            int at = (count - 1) * WORDS;
            steps[at + 3] = Math.min(steps[at + 3], min);
            steps[at + 4] = Math.max(steps[at + 4], max);
        }
        if (!data) {
            steps[(count - 1) * WORDS] |= CONTROL;
        }
    }

    private void begin(Envelope entry, long position, long min, long max) {
        if (count == MAX_STEPS) {
            halve();
        }
        if ((count + 1) * WORDS > steps.length) {
            steps = Arrays.copyOf(steps, steps.length * 2);
        }
        int at = count * WORDS;
        steps[at] = (entry.entryIndex() - baseIndex) << 32 | position;
        steps[at + 1] = entry.baseOffset();
        steps[at + 2] = entry.ingestionTimeMs();
        steps[at + 3] = min;
        steps[at + 4] = max;
        count++;
    }

    private void halve() {
        for (int i = 0; i < count; i += 2) {
            int from = i * WORDS;
            int to = from / 2;
            int second = from + WORDS;
            steps[to] = steps[from] | (steps[second] & CONTROL);
            steps[to + 1] = steps[from + 1];
            steps[to + 2] = steps[from + 2];
            steps[to + 3] = Math.min(steps[from + 3], steps[second + 3]);
            steps[to + 4] = Math.max(steps[from + 4], steps[second + 4]);
        }
        count /= 2;
        intervalBytes *= 2;
    }

    /** Grows when steps are merged, which gives them other numbers. */
    int intervalBytes() {
        return intervalBytes;
    }

    int count() {
        return count;
    }

    long position(int step) {
        return steps[step * WORDS] & 0xffffffffL;
    }

    long entryIndex(int step) {
        return baseIndex + ((steps[step * WORDS] & ~CONTROL) >>> 32);
    }

    long offset(int step) {
        return steps[step * WORDS + 1];
    }

    /** Of the first entry. */
    long ingestionTimeMs(int step) {
        return steps[step * WORDS + 2];
    }

    long minEventTimeMs(int step) {
        return steps[step * WORDS + 3];
    }

    long maxEventTimeMs(int step) {
        return steps[step * WORDS + 4];
    }

    boolean holdsControl(int step) {
        return steps[step * WORDS] < 0;
    }

    /** The last step that begins at or before a record offset; 0 if none does. */
    int stepOfOffset(long offset) {
        return floor(1, offset);
    }

    /** The last step that begins before an ingestion time; 0 if none does. */
    int stepBeforeIngestion(long timeMs) {
        return floor(2, timeMs == Long.MIN_VALUE ? timeMs : timeMs - 1);
    }

    /** The last step that begins at or before a position; 0 if none does. */
    int stepOfPosition(long position) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (position(middle) <= position) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The last step that begins at or before an entry index; 0 if none does. */
    int stepOfEntry(long index) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (entryIndex(middle) <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private int floor(int word, long value) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (steps[middle * WORDS + word] <= value) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The bytes of the index file. */
    ByteBuffer encode(SegmentSummary covered) {
        List<EpochStart> epochs = covered.epochs();
        ByteBuffer bytes =
                ByteBuffer.allocate(SegmentSummary.SIZE + 4 + count * WORDS * 8 + 4 + epochs.size() * EPOCH_BYTES + 4);
        covered.encode(bytes, SegmentSummary.INDEX);
        bytes.putInt(count);
        for (int i = 0; i < count * WORDS; i++) {
            bytes.putLong(steps[i]);
        }
        bytes.putInt(epochs.size());
        for (EpochStart start : epochs) {
            bytes.putInt(start.epoch()).putLong(start.firstIndex());
        }
        bytes.putInt(crc(bytes, bytes.position()));
        return bytes.flip();
    }

    /**
     * {@code null} if these are not the bytes of an index file. Borrows {@code bytes}, from 0 to its limit, and tells
     * {@code covered} which epochs begin there.
     */
    static @Nullable SegmentIndex decode(ByteBuffer bytes, SegmentSummary covered, int intervalBytes) {
        int crcAt = bytes.limit() - 4;
        if (crcAt < SegmentSummary.SIZE + 4) {
            return null;
        }
        int count = bytes.getInt(SegmentSummary.SIZE);
        int epochsAt = SegmentSummary.SIZE + 4 + count * WORDS * 8;
        if (count < 0
                || count > MAX_STEPS
                || epochsAt > crcAt
                || bytes.getInt(crcAt) != crc(bytes, crcAt)
                || !decodeEpochs(bytes, epochsAt, crcAt, covered)) {
            return null;
        }
        // Room for one more: a log that goes on appends to it.
        long[] steps = new long[Math.max(16, count + 1) * WORDS];
        for (int i = 0; i < count * WORDS; i++) {
            steps[i] = bytes.getLong(SegmentSummary.SIZE + 4 + i * 8);
        }
        return new SegmentIndex(covered.baseIndex, intervalBytes, steps, count);
    }

    /** Indexes that were written before epochs were have nothing there. */
    private static boolean decodeEpochs(ByteBuffer bytes, int from, int to, SegmentSummary covered) {
        if (from == to) {
            return true;
        }
        int count = to - from < 4 ? -1 : bytes.getInt(from);
        if (count < 0 || count > MOST_EPOCHS || to - from != 4 + count * EPOCH_BYTES) {
            return false;
        }
        List<EpochStart> epochs = new ArrayList<>(count);
        for (int at = from + 4; at < to; at += EPOCH_BYTES) {
            epochs.add(new EpochStart(bytes.getInt(at), bytes.getLong(at + 4)));
        }
        covered.epochs(epochs);
        return true;
    }

    private static int crc(ByteBuffer bytes, int end) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().position(0).limit(end));
        return (int) crc.getValue();
    }
}
