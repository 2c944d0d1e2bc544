package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The operations of all queue and keyed groups of a partition since the last entry, in order: the payload of one
 * QUEUE_OPS entry. Numbers are unsigned LEB128 varints unless a type stands beside them.
 *
 * <pre>
 * version u8 = 4
 * then, up to the end: kind u8 and
 *    1 GROUP      group: of the operations that follow, until the next one
 *    2 PUBLISHED  run, priority, due (wall ms; 0: at once)
 *    3 GRANTED    run, attempt, session i64 (0: detached), lease (ms)
 *    4 EXTENDED   run, lease (ms)
 *    5 ACKED      run
 *    6 RETURNED   run, failures, cause, due
 *    7 DIED       run, failures, cause, burial, at (wall ms)
 *    8 REDRIVEN   run
 *    9 REMOVED    run
 *   10 RETRACTED  step: all from there on
 *   11 PAUSED
 *   12 RESUMED
 *   13 SURVEYED
 *   14 SENT       number, partition, u8: what it carries (0 dead letters, 1 records as they are, 2 back to where they died),
 *                 count of runs, these: step from the end of the one before (of the first: from 0), count, u8: the state
 *                 before, its time (wall ms; WAITING: until when; DEAD, MOVING: since when; READY: 0)
 *   15 ARRIVED    number
 *   16 KEPT       run, why
 *   17 REASON     count of bytes, text in UTF-8: of the failures among what is RETURNED or DIED from here on, up to the
 *                 next REASON or GROUP; empty: none is known, as behind a GROUP
 *   20 REPLAYED   run, attempt, priority, due
 *   21 ANSWERED   request i64, count of records, signed: where to go on, count of those that are gone
 * run: step, count. step: signed (zigzag), from the end of the run before it; in a group's first from 0
 * </pre>
 *
 * Operations of the same kind on neighbours become one run while they are added.
 */
public final class QueueOps {
    static final int VERSION = 4;

    private static final int GROUP = 1;
    private static final int PUBLISHED = 2;
    private static final int GRANTED = 3;
    private static final int EXTENDED = 4;
    private static final int ACKED = 5;
    private static final int RETURNED = 6;
    private static final int DIED = 7;
    private static final int REDRIVEN = 8;
    private static final int REMOVED = 9;
    private static final int RETRACTED = 10;
    private static final int PAUSED = 11;
    private static final int RESUMED = 12;
    private static final int SURVEYED = 13;
    private static final int SENT = 14;
    private static final int ARRIVED = 15;
    private static final int KEPT = 16;
    private static final int REASON = 17;
    private static final int REPLAYED = 20;
    private static final int ANSWERED = 21;
    private static final int NOTHING = 0;
    private static final int LONGEST_OP = 1 + Math.max(6 * Varints.MAX_BYTES, Reasons.MAX_ENCODED_BYTES);
    private static final int BURIAL_BITS = 2;

    private final Writer writer = new Writer();
    private ByteBuffer bytes = ByteBuffer.allocate(256);
    private int wanted;
    private int groupId;
    private boolean inGroup;
    private long lastEnd;
    private String reason = "";

    // The run that is not written yet, because the next operation may lengthen it.
    private int kind = NOTHING;
    private long from;
    private long count;
    private long first;
    private long second;

    public QueueOps() {
        clear();
    }

    public boolean isEmpty() {
        return bytes.position() == 1 && kind == NOTHING;
    }

    /** How many bytes the payload has by now, or a little less. */
    public int sizeInBytes() {
        return bytes.position();
    }

    /** Lends the payload until the next operation or {@link #clear}. */
    public ByteBuffer payload() {
        writeRun();
        return bytes.duplicate().flip();
    }

    /** Forgets all: they are in the log. */
    public void clear() {
        bytes.clear().put((byte) VERSION);
        kind = NOTHING;
        inGroup = false;
    }

    /** Where the operations of a group are added, until the next call. */
    QueueChange of(int group) {
        wanted = group;
        return writer;
    }

    private void enterGroup() {
        if (inGroup && wanted == groupId) {
            return;
        }
        writeRun();
        ensureRoom();
        bytes.put((byte) GROUP);
        Varints.put(bytes, wanted);
        groupId = wanted;
        inGroup = true;
        lastEnd = 0;
        reason = "";
    }

    /**
     * Reads a payload; what belongs to a group that is unknown (deleted since) is passed over.
     *
     * @param payload borrowed, position to limit; its checksum has been verified
     * @param groups null: unknown
     */
    public static void replay(ByteBuffer payload, IntFunction<@Nullable QueueEngine> groups) {
        int version = payload.get();
        if (version != VERSION) {
            throw new QueueFormatException("queue operations: version " + version + " (expected: " + VERSION + ")");
        }
        QueueChange to = Ignored.ALL;
        String reason = "";
        long end = 0;
        while (payload.hasRemaining()) {
            int kind = payload.get();
            if (kind == GROUP) {
                QueueEngine engine = groups.apply((int) Varints.get(payload));
                to = engine == null ? Ignored.ALL : engine.replayed();
                end = 0;
                reason = "";
            } else if (kind == REASON) {
                reason = Reasons.get(payload);
            } else {
                end = replayRun(kind, end, reason, payload, to);
            }
        }
    }

    private static long replayRun(int kind, long lastEnd, String reason, ByteBuffer in, QueueChange to) {
        if (kind == PAUSED) {
            to.paused();
            return lastEnd;
        }
        if (kind == RESUMED) {
            to.resumed();
            return lastEnd;
        }
        if (kind == SURVEYED) {
            to.surveyed();
            return lastEnd;
        }
        if (kind == SENT) {
            to.sent(Shipment.decode(in));
            return lastEnd;
        }
        if (kind == ARRIVED) {
            to.arrived(Varints.get(in));
            return lastEnd;
        }
        if (kind == ANSWERED) {
            to.answered(new Answered(in.getLong(), Varints.get(in), Varints.getSigned(in), Varints.get(in)));
            return lastEnd;
        }
        long offset = lastEnd + Varints.getSigned(in);
        if (kind == RETRACTED) {
            to.retracted(offset);
            return offset;
        }
        long count = Varints.get(in);
        switch (kind) {
            case PUBLISHED -> to.published(offset, count, (int) Varints.get(in), Varints.get(in));
            case GRANTED -> to.granted(offset, count, (int) Varints.get(in), in.getLong(), (int) Varints.get(in));
            case EXTENDED -> to.extended(offset, count, (int) Varints.get(in));
            case ACKED -> to.acked(offset, count);
            case RETURNED -> to.returned(offset, count, ending(in, reason), Varints.get(in));
            case DIED -> to.died(offset, count, ending(in, reason), Burial.of(Varints.get(in)), Varints.get(in));
            case REDRIVEN -> to.redriven(offset, count);
            case REMOVED -> to.removed(offset, count);
            case KEPT -> to.kept(offset, count, Kept.of(Varints.get(in)));
            case REPLAYED -> to.replayed(offset, count, (int) Varints.get(in), (int) Varints.get(in), Varints.get(in));
            default -> throw new QueueFormatException("queue operation: " + kind + " (expected: 1 to 17, 20 or 21)");
        }
        return offset + count;
    }

    private static Ending ending(ByteBuffer in, String reason) {
        return new Ending((int) Varints.get(in), Cause.of(Varints.get(in)), reason);
    }

    /** Of what follows. */
    private void because(Ending ending) {
        enterGroup();
        if (!ending.cause().isFailure() || ending.reason().equals(reason)) {
            return;
        }
        writeRun();
        reason = ending.reason();
        ensureRoom();
        bytes.put((byte) REASON);
        Reasons.put(bytes, reason);
    }

    private void add(int newKind, long offset, long length, long a, long b) {
        enterGroup();
        if (kind == newKind && offset == from + count && a == first && b == second) {
            count += length;
            return;
        }
        writeRun();
        kind = newKind;
        from = offset;
        count = length;
        first = a;
        second = b;
    }

    private void writeRun() {
        if (kind == NOTHING) {
            return;
        }
        ensureRoom();
        bytes.put((byte) kind);
        Varints.putSigned(bytes, from - lastEnd);
        lastEnd = from + count;
        if (kind != RETRACTED) {
            Varints.put(bytes, count);
        }
        switch (kind) {
            case PUBLISHED -> {
                Varints.put(bytes, first);
                Varints.put(bytes, second);
            }
            case GRANTED -> {
                Varints.put(bytes, high(first));
                bytes.putLong(second);
                Varints.put(bytes, low(first));
            }
            case EXTENDED, KEPT -> Varints.put(bytes, first);
            case RETURNED, REPLAYED -> {
                Varints.put(bytes, high(first));
                Varints.put(bytes, low(first));
                Varints.put(bytes, second);
            }
            case DIED -> {
                Varints.put(bytes, high(first));
                Varints.put(bytes, low(first));
                Varints.put(bytes, second & ((1 << BURIAL_BITS) - 1));
                Varints.put(bytes, second >>> BURIAL_BITS);
            }
            default -> {}
        }
        kind = NOTHING;
    }

    private static long pair(int high, int low) {
        return ((long) high << Integer.SIZE) | low;
    }

    private static int high(long pair) {
        return (int) (pair >>> Integer.SIZE);
    }

    private static int low(long pair) {
        return (int) pair;
    }

    private void ensureRoom() {
        ensureRoom(LONGEST_OP);
    }

    private void ensureRoom(int needed) {
        while (bytes.remaining() < needed) {
            bytes = ByteBuffer.allocate(2 * bytes.capacity()).put(bytes.flip());
        }
    }

    private final class Writer implements QueueChange {
        @Override
        public void published(long offset, long length, int priority, long dueMs) {
            add(PUBLISHED, offset, length, priority, dueMs);
        }

        @Override
        public void granted(long offset, long length, int attempt, long session, int leaseMs) {
            add(GRANTED, offset, length, pair(attempt, leaseMs), session);
        }

        @Override
        public void extended(long offset, long length, int leaseMs) {
            add(EXTENDED, offset, length, leaseMs, 0);
        }

        @Override
        public void acked(long offset, long length) {
            add(ACKED, offset, length, 0, 0);
        }

        @Override
        public void returned(long offset, long length, Ending ending, long dueMs) {
            because(ending);
            add(RETURNED, offset, length, pair(ending.failures(), ending.cause().id), dueMs);
        }

        @Override
        public void died(long offset, long length, Ending ending, Burial burial, long atMs) {
            because(ending);
            add(DIED, offset, length, pair(ending.failures(), ending.cause().id), atMs << BURIAL_BITS | burial.id);
        }

        @Override
        public void sent(Shipment shipment) {
            mark(SENT);
            ensureRoom(shipment.maxEncodedBytes());
            shipment.encode(bytes);
        }

        @Override
        public void arrived(long number) {
            mark(ARRIVED);
            Varints.put(bytes, number);
        }

        @Override
        public void kept(long offset, long length, Kept why) {
            add(KEPT, offset, length, why.id, 0);
        }

        @Override
        public void redriven(long offset, long length) {
            add(REDRIVEN, offset, length, 0, 0);
        }

        @Override
        public void replayed(long offset, long length, int attempt, int priority, long dueMs) {
            add(REPLAYED, offset, length, pair(attempt, priority), dueMs);
        }

        @Override
        public void removed(long offset, long length) {
            add(REMOVED, offset, length, 0, 0);
        }

        @Override
        public void answered(Answered answer) {
            mark(ANSWERED);
            bytes.putLong(answer.requestId());
            Varints.put(bytes, answer.records());
            Varints.putSigned(bytes, answer.next());
            Varints.put(bytes, answer.gone());
        }

        @Override
        public void retracted(long offset) {
            add(RETRACTED, offset, 0, 0, 0);
            writeRun();
        }

        @Override
        public void surveyed() {
            mark(SURVEYED);
        }

        @Override
        public void paused() {
            mark(PAUSED);
        }

        @Override
        public void resumed() {
            mark(RESUMED);
        }

        private void mark(int mark) {
            enterGroup();
            writeRun();
            ensureRoom();
            bytes.put((byte) mark);
        }
    }
}
