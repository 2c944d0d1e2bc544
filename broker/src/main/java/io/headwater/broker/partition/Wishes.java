package io.headwater.broker.partition;

import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a producer asks for the records of a batch beyond key, value and headers, in reserved headers: {@code
 * hw-deliver-at} (ms since 1970, as decimal text) and {@code hw-priority} (0 to 9). Immutable; a value for each record that has
 * one, in their order.
 */
public final class Wishes {
    static final int USUAL_PRIORITY = 4;
    static final long AT_ONCE = 0;

    /** Nothing. */
    public static final Wish NONE = new Wish(USUAL_PRIORITY, AT_ONCE);

    private static final int FIRST_ROOM = 64;
    /** Of one batch: what is said of them is one entry. */
    private static final int MOST = 100_000;

    private static final String DELIVER_AT = "hw-deliver-at";
    private static final String PRIORITY = "hw-priority";

    /**
     * What is asked for one record.
     *
     * @param dueMs not before this wall time; 0: at once
     */
    public record Wish(int priority, long dueMs) {}

    private final int[] deltas;
    private final byte[] priorities;
    private final long[] dueMs;

    private Wishes(int[] deltas, byte[] priorities, long[] dueMs) {
        this.deltas = deltas;
        this.priorities = priorities;
        this.dueMs = dueMs;
    }

    /**
     * @return null: none of the records asks for anything
     * @throws InvalidBatchException if a record, or what it asks for, cannot be read
     */
    public static @Nullable Wishes of(RecordBatch batch, RecordCursor cursor) throws InvalidBatchException {
        int[] deltas = new int[FIRST_ROOM];
        byte[] priorities = new byte[FIRST_ROOM];
        long[] dueMs = new long[FIRST_ROOM];
        int count = 0;
        batch.records(cursor);
        while (cursor.next()) {
            Wish wish = of(cursor);
            if (!wish.equals(NONE)) {
                if (count == MOST) {
                    throw new InvalidBatchException(
                            "records that ask for a time or a priority: more than " + MOST + " (expected: at most)");
                }
                if (count == deltas.length) {
                    // By what came, never by what the batch claims.
                    deltas = Arrays.copyOf(deltas, 2 * count);
                    priorities = Arrays.copyOf(priorities, 2 * count);
                    dueMs = Arrays.copyOf(dueMs, 2 * count);
                }
                deltas[count] = (int) (cursor.offset() - batch.baseOffset());
                priorities[count] = (byte) wish.priority();
                dueMs[count] = wish.dueMs();
                count++;
            }
        }
        return count == 0
                ? null
                : new Wishes(
                        Arrays.copyOf(deltas, count), Arrays.copyOf(priorities, count), Arrays.copyOf(dueMs, count));
    }

    /**
     * Of the record that a cursor stands on.
     *
     * @throws InvalidBatchException if it cannot be read
     */
    public static Wish of(RecordCursor cursor) throws InvalidBatchException {
        return cursor.headerCount() == 0 ? NONE : of(cursor.headers());
    }

    /**
     * Of a record with these headers.
     *
     * @throws InvalidBatchException if what they ask for cannot be read
     */
    public static Wish of(List<RecordHeader> headers) throws InvalidBatchException {
        int priority = USUAL_PRIORITY;
        long due = AT_ONCE;
        for (RecordHeader header : headers) {
            if (header.name().equals(DELIVER_AT)) {
                due = number(header, Long.MAX_VALUE);
            } else if (header.name().equals(PRIORITY)) {
                priority = (int) number(header, 9);
            }
        }
        return priority == USUAL_PRIORITY && due == AT_ONCE ? NONE : new Wish(priority, due);
    }

    private static long number(RecordHeader header, long most) throws InvalidBatchException {
        byte[] value = header.value();
        String text = value == null ? "" : new String(value, StandardCharsets.US_ASCII);
        try {
            long number = Long.parseLong(text);
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new InvalidBatchException("header " + header.name() + ": not a number that it may have (expected: 0 to "
                + most + ", as decimal text)");
    }

    /** How many records ask for a time or a priority. */
    public int count() {
        return deltas.length;
    }

    int delta(int index) {
        return deltas[index];
    }

    int priority(int index) {
        return priorities[index];
    }

    long dueMs(int index) {
        return dueMs[index];
    }
}
