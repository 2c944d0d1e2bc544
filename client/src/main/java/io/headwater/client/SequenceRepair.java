package io.headwater.client;

import io.headwater.record.RecordBatchBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps a partition's sequence whole when batches fail. The broker takes a producer's batches only in sequence, so:
 *
 * <ul>
 *   <li>batches to try again wait until nothing of the partition is on the wire, then leave all together, in order;
 *   <li>when a batch failed definitely, those behind it cannot have been stored: they move up to close the gap;
 *   <li>when the outcome is unknown, nothing moves: the broker's answer to the next batch tells what happened;
 *   <li>when the broker does not know this producer any more, the batches that were certainly not stored go on under a
 *       new identity, from sequence 0. What may have been stored is never sent under another identity: that would be a
 *       silent duplicate.
 * </ul>
 *
 * Guarded by the queue's lock.
 */
final class SequenceRepair {
    private static final int NONE = -1;

    private final PartitionQueue queue;
    private boolean resend;
    private long resendAtNs;
    private int closeGapFrom = NONE;
    private boolean needsIdentity;
    private boolean asked;
    /** The next sequence is the first of a new identity. */
    private boolean startsOver;

    private List<Batch> abandoned = new ArrayList<>(0);

    SequenceRepair(PartitionQueue queue) {
        this.queue = queue;
    }

    /** The sequence that follows a batch. Sequences count records, and wrap to 0 after the largest int, as in Kafka. */
    static int after(int baseSequence, int records) {
        return (int) (((long) baseSequence + records) & Integer.MAX_VALUE);
    }

    boolean isPending() {
        return resend || closeGapFrom != NONE || needsIdentity;
    }

    /** A batch before those in flight has failed; they will move up. */
    boolean closesGap() {
        return closeGapFrom != NONE;
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

    /** The batch has left the queue and failed. */
    void removed(Batch batch, long nowNs) {
        boolean first = closeGapFrom == NONE || isBefore(batch.baseSequence, closeGapFrom);
        if (!batch.maybeStored && first && !needsIdentity) {
            closeGapFrom = batch.baseSequence;
        }
        if (!queue.inFlight.isEmpty() && !resend) {
            resendAt(nowNs);
        }
    }

    /** The broker's state and ours do not meet: go on under a new identity. */
    void askForIdentity(long nowNs) {
        needsIdentity = true;
        resendAt(nowNs);
    }

    /** True once for each time an identity has to be fetched. */
    boolean startAsking() {
        boolean start = needsIdentity && !asked;
        asked |= start;
        return start;
    }

    void askFailed() {
        asked = false;
    }

    void renewed() {
        needsIdentity = false;
        asked = false;
        startsOver = true;
        closeGapFrom = 0;
    }

    /** Repairs if that is possible now; true: nothing is left to repair. */
    boolean run(long nowNs, ProducerIdentity identity, Outbox out) {
        if (queue.onWire > 0 || needsIdentity || (resend && nowNs - resendAtNs < 0)) {
            return false;
        }
        if (startsOver) {
            abandonMaybeStored();
        }
        if (closeGapFrom != NONE) {
            closeGap(identity);
        }
        if (resend) {
            resend = false;
            for (Batch batch : queue.inFlight) {
                queue.putOnWire(batch, out);
            }
        }
        return true;
    }

    private void abandonMaybeStored() {
        for (Batch batch : queue.inFlight) {
            if (batch.maybeStored) {
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

    /** What lies before the gap stays as it is: the broker may have stored it. */
    private void closeGap(ProducerIdentity identity) {
        int gap = closeGapFrom;
        int sequence = gap;
        for (Batch batch : queue.inFlight) {
            if (startsOver || !isBefore(batch.baseSequence, gap)) {
                sequence = restamp(batch, identity, sequence);
            }
        }
        for (Batch batch : queue.sealed) {
            sequence = restamp(batch, identity, sequence);
        }
        queue.nextSequence = sequence;
        closeGapFrom = NONE;
        startsOver = false;
    }

    /** Sequences are a circle: half of it counts as before. */
    private static boolean isBefore(int sequence, int other) {
        int ahead = (other - sequence) & Integer.MAX_VALUE;
        return ahead != 0 && ahead < 1 << 30;
    }

    private static int restamp(Batch batch, ProducerIdentity identity, int sequence) {
        RecordBatchBuilder.restampProducer(batch.target, 0, identity.id(), identity.epoch(), sequence);
        batch.baseSequence = sequence;
        batch.maybeStored = false;
        return after(sequence, batch.records);
    }
}
