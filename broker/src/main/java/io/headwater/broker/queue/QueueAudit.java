package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says in which respects two states of a group differ that should be the same: one that operations have led to, and one that
 * a leader wrote. Both are replayed and not open.
 *
 * <p>Not compared is what the log does not decide: how much is still known of how records came to be done, which goes with
 * the log's start and for want of memory; and all of a group that is still being told what was there before it, as every
 * leader begins with that anew. Where nobody knows with which record a group began, what is done is compared from the offset
 * on that the written state knows about.
 */
public final class QueueAudit {
    /** One record, as a checkpoint has it: without what follows from the clock. */
    private record Said(
            RecordState state,
            int priority,
            int deliveries,
            int failures,
            byte cause,
            String reason,
            boolean suspect,
            boolean holdsKey,
            boolean ageless,
            long session,
            int leaseMs,
            int kept,
            long scheduledMs,
            long timeMs) {
        @Override
        public String toString() {
            StringBuilder all = new StringBuilder(state.name().toLowerCase(Locale.ROOT));
            all.append(" (deliveries ").append(deliveries).append(", failures ").append(failures);
            all.append(", priority ").append(priority).append(", last cause ").append(cause);
            if (state == RecordState.LEASED) {
                all.append(", session ").append(session).append(", lease ").append(leaseMs);
            }
            all.append(", time ").append(timeMs).append(", scheduled ").append(scheduledMs);
            all.append(suspect ? ", suspect" : "").append(holdsKey ? ", holds its key" : "");
            all.append(ageless ? ", does not age" : "").append(kept > 0 ? ", kept " + kept : "");
            return all.append(reason.isEmpty() ? ")" : ", \"" + reason + "\")").toString();
        }
    }

    private static final int MOST_TOLD = 4;

    private final QueueState derived;
    private final QueueState written;
    private final String group;
    private final List<String> found = new ArrayList<>();

    private QueueAudit(QueueEngine derived, QueueEngine written) {
        this.derived = derived.replayed();
        this.written = written.replayed();
        this.group = "group " + written.groupId() + ": ";
    }

    /**
     * Of one group.
     *
     * @param wholeHistory false: what is derived begins in the middle, at the log's first entry or with the group's first operation
     * @return for a person; empty: none
     */
    public static List<String> differences(QueueEngine derived, QueueEngine written, boolean wholeHistory) {
        QueueAudit audit = new QueueAudit(derived, written);
        if (derived.isSurveyed() || written.isSurveyed()) {
            audit.compare(wholeHistory);
        }
        return audit.found;
    }

    /** Heap that a group takes while it is replayed, roughly. */
    public static long bytes(QueueEngine engine) {
        QueueState state = engine.replayed();
        return (long) state.slots.capacity() * SlotTable.SLOT_BYTES
                + state.slots.scheduledBytes()
                + state.done.bytes()
                + state.unacknowledged.bytes()
                + state.reasons.bytes();
    }

    /** What the records of a snapshot will take, without reading them. Moves the position. */
    public static long bytesOf(ByteBuffer snapshot) {
        return SnapshotCodec.records(snapshot) * SlotTable.SLOT_BYTES;
    }

    private void compare(boolean wholeHistory) {
        value("highest attempt", derived.highestAttempt(), written.highestAttempt());
        value("paused", derived.isPaused(), written.isPaused());
        value("told what was there before it", derived.isSurveyed(), written.isSurveyed());
        value("last batch for another topic", derived.lastShipment(), written.lastShipment());
        value("under way", derived.shipment(), written.shipment());
        value("answers to operators", List.copyOf(derived.answers.all()), List.copyOf(written.answers.all()));
        long known = Math.max(derived.unacknowledged.knownFrom(), written.unacknowledged.knownFrom());
        set("done", derived.done, written.done, wholeHistory ? 0 : known);
        set("removed", derived.unacknowledged.removed, written.unacknowledged.removed, known);
        set("moved away", derived.unacknowledged.moved, written.unacknowledged.moved, known);
        records();
    }

    private void value(String what, @Nullable Object byLog, @Nullable Object asWritten) {
        if (!Objects.equals(byLog, asWritten)) {
            found.add(group + what + ": " + byLog + ", written: " + asWritten);
        }
    }

    private void set(String what, OffsetBitmap byLog, OffsetBitmap asWritten, long from) {
        int told = 0;
        for (long at = firstDifference(byLog, asWritten, from); at < Long.MAX_VALUE; ) {
            boolean isIn = byLog.contains(at);
            long end = at + 1;
            while (byLog.contains(end) == isIn && asWritten.contains(end) != isIn && end - at < Integer.MAX_VALUE) {
                end++;
            }
            if (++told > MOST_TOLD) {
                found.add(group + "and more that is " + what + " in one of the two");
                return;
            }
            found.add(group + "records " + at + " to " + (end - 1) + " are " + (isIn ? "" : "not ") + what
                    + ", written: they are" + (isIn ? " not" : ""));
            at = firstDifference(byLog, asWritten, end);
        }
    }

    private static long firstDifference(OffsetBitmap one, OffsetBitmap other, long from) {
        long at = from;
        while (at < Long.MAX_VALUE) {
            boolean isIn = one.contains(at);
            if (isIn != other.contains(at)) {
                return at;
            }
            at = isIn
                    ? Math.min(one.nextAbsent(at), other.nextAbsent(at))
                    : Math.min(one.nextPresent(at), other.nextPresent(at));
        }
        return at;
    }

    private void records() {
        int[] byLog = derived.slots.byOffset();
        int[] asWritten = written.slots.byOffset();
        int told = 0;
        int i = 0;
        int j = 0;
        while (i < byLog.length || j < asWritten.length) {
            long one = i < byLog.length ? derived.slots.offset(byLog[i]) : Long.MAX_VALUE;
            long other = j < asWritten.length ? written.slots.offset(asWritten[j]) : Long.MAX_VALUE;
            Said here = one <= other ? said(derived, byLog[i++]) : null;
            Said there = other <= one ? said(written, asWritten[j++]) : null;
            if (!Objects.equals(here, there)) {
                if (++told > MOST_TOLD) {
                    found.add(group + "and more records");
                    return;
                }
                found.add(group + "record " + Math.min(one, other) + ": " + (here == null ? "nothing is said" : here)
                        + ", written: " + (there == null ? "nothing" : there));
            }
        }
    }

    private static Said said(QueueState in, int slot) {
        SlotTable slots = in.slots;
        RecordState state = slots.state(slot);
        long timeMs = slots.timeMs(slot);
        if (state == RecordState.READY && timeMs > 0) {
            // It has become due by the clock.
            state = RecordState.WAITING;
        }
        boolean leased = state == RecordState.LEASED;
        boolean over = state == RecordState.DEAD || state == RecordState.MOVING;
        boolean waits = state == RecordState.WAITING;
        return new Said(
                state,
                slots.priority(slot),
                slots.deliveries(slot),
                slots.failures(slot),
                slots.lastCause(slot),
                in.reasons.of(slot),
                slots.isSuspect(slot),
                slots.holdsKey(slot),
                slots.isAgeless(slot),
                leased ? slots.session(slot) : 0,
                leased ? slots.leaseMs(slot) : 0,
                over ? slots.kept(slot) : 0,
                waits && slots.deliveries(slot) == 0 ? timeMs : slots.scheduledMs(slot),
                waits || over ? timeMs : 0);
    }
}
