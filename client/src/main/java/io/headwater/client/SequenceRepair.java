package io.headwater.client;

import io.headwater.record.RecordBatchBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a partition's sequence whole when batches fail. The broker takes a producer's batches only in sequence, so:
 *
 * <ul>
 *   <li>batches to try again wait until nothing of the partition is on the wire, then leave all together, in order;
 *   <li>when a batch failed definitely, those behind it cannot have been stored, and never will be as they are: when what
 *       lies before them is settled they move up to close the gap;
 *   <li>when the outcome is unknown, nothing moves: the broker's answer to the next batch tells what happened;
 *   <li>when the broker's state and ours do not meet, the batches that were certainly not stored start over at sequence
 *       0 in the next epoch, or under a new id where the broker has forgotten this one.
 * </ul>
 *
 * A copy of a batch may lie in a connection that was lost, or with a broker that led the partition before, and may be read
 * at any time later. So what had an
 * attempt without an answer is never sent under another identity, unless a gap before it keeps its copies out: it
 * would be stored twice. And where such copies may exist, closing a gap takes a new epoch as well: the broker refuses
 * what comes of the old one as soon as it has seen the new.
 *
 * <p>Guarded by the queue's lock.
 */
final class SequenceRepair {
    private static final int NONE = -1;

    private final PartitionQueue queue;
    private boolean resend;
    private long resendAtNs;
    private int gapAt = NONE;
    private boolean startsOver;
    private boolean forgotten;
    /** Of the present identity, copies may be on their way that nobody waits for. */
    private boolean strays;

    private boolean needsIdentity;
    private boolean asked;
    private @Nullable ProducerIdentity given;
    private List<Batch> abandoned = new ArrayList<>(0);

    SequenceRepair(PartitionQueue queue) {
        this.queue = queue;
    }

    /** The sequence that follows a batch. Sequences count records, and wrap to 0 after the largest int, as in Kafka. */
    static int after(int baseSequence, int records) {
        return (int) (((long) baseSequence + records) & Integer.MAX_VALUE);
    }

    boolean isPending() {
        return resend || gapAt != NONE || startsOver;
    }

    /** What is in flight goes out again, not before this time. */
    void resendAt(long nowNs) {
        resend = true;
        resendAtNs = nowNs;
    }

    /** How long until something can go out again; 0: now. */
    long delayNs(long nowNs) {
        return resend ? Math.max(0, resendAtNs - nowNs) : 0;
    }

    /** An attempt has ended without an answer. */
    void unanswered(Batch batch) {
        batch.maybeStored = true;
        strays = true;
    }

    /** The batch has left the queue and failed. */
    void removed(Batch batch, long nowNs) {
        if (!batch.maybeStored && !isBehindGap(batch)) {
            gapAt = batch.baseSequence;
        }
        if (!queue.inFlight.isEmpty() && !resend) {
            resendAt(nowNs);
        }
    }

    /** A batch before this one has failed definitely: the broker cannot take it before it has moved up. */
    boolean isBehindGap(Batch batch) {
        return gapAt != NONE && !isBefore(batch.baseSequence, gapAt);
    }

    /** The broker's state and ours do not meet: go on in a new epoch, or, where it has forgotten us, under a new id. */
    void startOver(boolean brokerForgot, long nowNs) {
        startsOver = true;
        forgotten |= brokerForgot;
        resendAt(nowNs);
    }

    /** True once for each time a new id has to be fetched. */
    boolean startAsking() {
        boolean start = needsIdentity && !asked;
        asked |= start;
        return start;
    }

    void askFailed() {
        asked = false;
    }

    void given(ProducerIdentity fresh) {
        given = fresh;
        needsIdentity = false;
        asked = false;
    }

    /** Repairs if that is possible now; true: nothing is left to repair. */
    boolean run(long nowNs, Outbox out) {
        if (queue.onWire > 0 || (resend && nowNs - resendAtNs < 0)) {
            return false;
        }
        if (!startsOver && sendBeforeGap(out)) {
            return false;
        }
        if (startsOver || (gapAt != NONE && strays)) {
            ProducerIdentity next = nextIdentity();
            if (next == null) {
                return false;
            }
            abandonUnsure();
            queue.identity = next;
            restampAll(0);
            given = null;
            startsOver = false;
            forgotten = false;
            strays = false;
        } else if (gapAt != NONE) {
            restampAll(gapAt);
        }
        gapAt = NONE;
        if (resend) {
            resend = false;
            for (Batch batch : queue.inFlight) {
                queue.putOnWire(batch, out);
            }
        }
        return true;
    }

    /** The broker may have stored what lies before the gap, so it goes out as it is, and alone. */
    private boolean sendBeforeGap(Outbox out) {
        boolean any = false;
        for (Batch batch : queue.inFlight) {
            if (gapAt != NONE && !isBehindGap(batch)) {
                queue.putOnWire(batch, out);
                any = true;
            }
        }
        return any;
    }

    /** Null: an id has to be fetched first. */
    private @Nullable ProducerIdentity nextIdentity() {
        if (given == null && (forgotten || queue.identity.isLastEpoch())) {
            needsIdentity = true;
            return null;
        }
        return given == null ? queue.identity.inNextEpoch() : given;
    }

    private void abandonUnsure() {
        for (Batch batch : queue.inFlight) {
            if (batch.maybeStored && !isBehindGap(batch)) {
                abandoned.add(batch);
            }
        }
        queue.inFlight.removeAll(abandoned);
    }

    List<Batch> takeAbandoned() {
        if (abandoned.isEmpty()) {
            return List.of();
        }
        List<Batch> taken = abandoned;
        abandoned = new ArrayList<>(0);
        return taken;
    }

    private void restampAll(int fromSequence) {
        int sequence = fromSequence;
        for (Batch batch : queue.inFlight) {
            sequence = restamp(batch, sequence);
        }
        for (Batch batch : queue.sealed) {
            sequence = restamp(batch, sequence);
        }
        queue.nextSequence = sequence;
    }

    private int restamp(Batch batch, int sequence) {
        ProducerIdentity identity = queue.identity;
        RecordBatchBuilder.restampProducer(batch.target, 0, identity.id(), identity.epoch(), sequence);
        batch.baseSequence = sequence;
        batch.maybeStored = false;
        return after(sequence, batch.records);
    }

    /** Sequences are a circle: half of it counts as before. */
    private static boolean isBefore(int sequence, int other) {
        int ahead = (other - sequence) & Integer.MAX_VALUE;
        return ahead != 0 && ahead < 1 << 30;
    }
}
