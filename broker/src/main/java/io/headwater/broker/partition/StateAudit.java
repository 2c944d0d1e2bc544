package io.headwater.broker.partition;

import io.headwater.broker.queue.QueueFormatException;
import io.headwater.record.BatchLayout;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.storage.EntryAudit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the leaders of partitions have written into their logs as derived with what the entries themselves lead to:
 * the state of each CHECKPOINT with that of the one before it and all entries between. Whoever has a copy of a log can do
 * that; it takes no partition, no owner, and nothing of a leader's memory.
 *
 * <p>A checkpoint may be written in the middle of a turn, and then holds what groups have decided in it and what follows as the
 * next QUEUE_OPS, or as the EPOCH_START of an epoch that begins with the segment. Operations may be told twice, so that both
 * states must be the same behind that entry. If the epoch ends before it comes, its leader took with it what it had decided:
 * all later ones go on from the checkpoint, and so does the audit, as it does behind every checkpoint.
 */
public final class StateAudit implements EntryAudit {
    private static final int MOST_TOLD = 8;

    private final long mostBytes;
    private long partitionId = -1;
    private long nextIndex = -1;
    /** What the entries lead to; null: no checkpoint has come yet. */
    private @Nullable DerivedState derived;
    /** Where that begins. */
    private long derivedFrom;
    /** Whether batches of which nobody knows any more who wrote them have come since. */
    private boolean hasHoles;
    /** The last checkpoint, and what came behind it, if its groups are ahead of the entries before it. */
    private @Nullable DerivedState written;

    private long writtenAt;
    private int writtenEpoch;
    private boolean hasHolesSince;
    private long compared;
    private long passedOver;

    /** @param mostBytes heap that a state may take, roughly; larger ones are not compared. There are up to two */
    public StateAudit(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Checkpoints that were compared, and found right or not. */
    public long compared() {
        return compared;
    }

    /** States that were too large to be compared. */
    public long passedOver() {
        return passedOver;
    }

    @Override
    public @Nullable String next(long partition, Envelope envelope, Payload payload) throws IOException {
        if (partition != partitionId || envelope.entryIndex() != nextIndex) {
            partitionId = partition;
            forget();
            if (envelope.entryIndex() == 0) {
                begin(DerivedState.first(), 0, false);
            }
        }
        nextIndex = envelope.entryIndex() + envelope.entryCount();
        boolean matters = derived != null || envelope.kind() == EntryKind.CHECKPOINT;
        if (!matters || (envelope.kind() != EntryKind.DATA && isTooLarge(envelope.length()))) {
            return null;
        }
        try {
            return next(envelope, payload.read());
        } catch (UnknownFormatException | QueueFormatException e) {
            // Of another version. Whoever opens the log says so.
            forget();
            return null;
        } catch (RuntimeException e) {
            forget();
            return "entry " + envelope.entryIndex() + " (" + envelope.kind() + ") cannot be replayed: " + e;
        }
    }

    private void forget() {
        derived = null;
        written = null;
    }

    private void begin(DerivedState from, long index, boolean withHoles) {
        derived = from;
        derivedFrom = index;
        hasHoles = withHoles;
        written = null;
    }

    private boolean isTooLarge(long bytes) {
        if (bytes > mostBytes) {
            passedOver++;
            forget();
        }
        return bytes > mostBytes;
    }

    private @Nullable String next(Envelope envelope, ByteBuffer payload) {
        if (written != null && envelope.leaderEpoch() > writtenEpoch) {
            begin(written, writtenAt, hasHolesSince);
        }
        if (envelope.kind() == EntryKind.CHECKPOINT) {
            return checkpoint(envelope, payload);
        }
        DerivedState byLog = derived;
        if (byLog == null) {
            return null;
        }
        hasHoles |= isHole(envelope, payload);
        hasHolesSince |= isHole(envelope, payload);
        DerivedState ahead = written;
        if (ahead != null) {
            ahead.entry(envelope, payload.duplicate());
        }
        byLog.entry(envelope, payload);
        String complaint = ahead == null ? null : behindIt(envelope.kind(), byLog, ahead);
        if (envelope.kind() == EntryKind.QUEUE_OPS && derived != null) {
            boolean unused = isTooLarge(derived.bytes());
        }
        return complaint;
    }

    /** What a rewriting leaves of batches: no record, and no producer. */
    private static boolean isHole(Envelope envelope, ByteBuffer payload) {
        return envelope.kind() == EntryKind.DATA
                && ProducerFields.of(payload).producerId() == BatchLayout.NO_PRODUCER
                && payload.getInt(payload.position() + BatchLayout.RECORD_COUNT) == 0;
    }

    private @Nullable String checkpoint(Envelope envelope, ByteBuffer payload) {
        if (isTooLarge(DerivedState.bytesOf(payload))) {
            return null;
        }
        DerivedState byLog = derived;
        writtenAt = envelope.entryIndex();
        writtenEpoch = envelope.leaderEpoch();
        hasHolesSince = false;
        if (byLog == null) {
            begin(DerivedState.of(payload, null), writtenAt, false);
            return null;
        }
        compared++;
        if (byLog.isWrittenAs(payload)) {
            begin(byLog, writtenAt, false);
            return null;
        }
        DerivedState found = DerivedState.of(payload, byLog);
        List<String> wrong = byLog.differences(found, !hasHoles);
        if (!wrong.isEmpty()) {
            return complain(wrong, found);
        }
        if (byLog.groupDifferences(found).isEmpty()) {
            begin(found, writtenAt, false);
        } else {
            written = found;
        }
        return null;
    }

    /** An entry has come behind a checkpoint that knew more than the entries before it. */
    private @Nullable String behindIt(EntryKind kind, DerivedState byLog, DerivedState ahead) {
        if (kind != EntryKind.QUEUE_OPS && kind != EntryKind.EPOCH_START) {
            return null;
        }
        List<String> wrong = byLog.groupDifferences(ahead);
        if (!wrong.isEmpty() && kind == EntryKind.QUEUE_OPS) {
            return complain(wrong, ahead);
        }
        if (wrong.isEmpty()) {
            begin(ahead, writtenAt, hasHolesSince);
        }
        return null;
    }

    private String complain(List<String> wrong, DerivedState goesOnWith) {
        String more = wrong.size() > MOST_TOLD ? "; and " + (wrong.size() - MOST_TOLD) + " more" : "";
        String complaint = "derived state differs at entry " + writtenAt + ", the CHECKPOINT of the leader of epoch "
                + writtenEpoch + ", from what the entries since entry " + derivedFrom + " lead to: "
                + String.join("; ", wrong.subList(0, Math.min(wrong.size(), MOST_TOLD))) + more;
        begin(goesOnWith, writtenAt, hasHolesSince);
        return complaint;
    }
}
