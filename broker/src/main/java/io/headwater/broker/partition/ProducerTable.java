package io.headwater.broker.partition;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The producers that wrote to a partition last, and what of theirs it would recognise. Derived from the log alone: every
 * appended or replayed batch is {@link #noted}, nothing else changes it, and so a replay leads to the same table.
 *
 * <p>Bounded: a new producer takes the place of the one whose last batch lies furthest back in the log. Of that one
 * nothing is left but the bound that its id raises ({@link #forgottenUpTo}): producer ids are given out rising and once,
 * so of an id above the bound that is not in the table it is certain that nothing was ever stored, and of one below
 * nothing is certain, not even of a first batch.
 *
 * <p>The broker's own producers ({@link InternalProducer}) stand beside these, and are never forgotten: of each there is
 * one batch.
 */
final class ProducerTable {
    static final int MAX_PRODUCERS = 2048;
    static final long NONE_FORGOTTEN = -1;

    /** What is to be done with a batch. */
    enum Verdict {
        APPEND,
        /** It is in the window: answer with {@link #duplicateOffset}'s position. */
        DUPLICATE,
        /** A batch before it is missing; it was certainly never appended. */
        OUT_OF_ORDER,
        /** It was appended once, or belongs to a producer that is not known any more; which, cannot be told. */
        UNKNOWN,
        /** A newer epoch of this producer has written. */
        FENCED
    }

    private final Long2ObjectHashMap<ProducerWindow> windows = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<LastBatch> internal = new Long2ObjectHashMap<>();
    private long forgottenUpTo = NONE_FORGOTTEN;
    private int duplicatePlace;

    /** The last batch of one of the broker's own producers. */
    record LastBatch(long producerId, long number, long offset, long timeMs) {}

    /** Judges a batch; changes nothing. */
    Verdict judge(long producerId, short epoch, int baseSequence, int recordCount) {
        if (InternalProducer.isInternal(producerId)) {
            return judge(internal.get(producerId), InternalProducer.number(epoch, baseSequence));
        }
        ProducerWindow window = windows.get(producerId);
        if (window == null && producerId <= forgottenUpTo) {
            return Verdict.UNKNOWN;
        }
        if (window == null || epoch > window.epoch()) {
            return baseSequence == 0 ? Verdict.APPEND : Verdict.OUT_OF_ORDER;
        }
        if (epoch < window.epoch()) {
            return Verdict.FENCED;
        }
        if (baseSequence == window.nextSequence()) {
            return Verdict.APPEND;
        }
        int place = window.find(baseSequence);
        if (place >= 0) {
            duplicatePlace = place;
            // The same start with another length is not the same batch, and never was one of this producer's.
            return window.count(place) == recordCount ? Verdict.DUPLICATE : Verdict.OUT_OF_ORDER;
        }
        // Half of the 31-bit circle counts as ahead.
        int ahead = (baseSequence - window.nextSequence()) & Integer.MAX_VALUE;
        return ahead < 1 << 30 ? Verdict.OUT_OF_ORDER : Verdict.UNKNOWN;
    }

    /** A number is one batch, however many of its records are left: some may have been erased before it is sent again. */
    private static Verdict judge(@Nullable LastBatch last, long number) {
        if (last == null || number > last.number) {
            return Verdict.APPEND;
        }
        return number == last.number ? Verdict.DUPLICATE : Verdict.UNKNOWN;
    }

    /** Right after {@link Verdict#DUPLICATE}: offset of the batch that was appended then. */
    long duplicateOffset(long producerId) {
        return InternalProducer.isInternal(producerId)
                ? internal.get(producerId).offset
                : windows.get(producerId).offset(duplicatePlace);
    }

    /** Right after {@link Verdict#DUPLICATE}: ingestion time of the batch that was appended then. */
    long duplicateTimeMs(long producerId) {
        return InternalProducer.isInternal(producerId)
                ? internal.get(producerId).timeMs
                : windows.get(producerId).timeMs(duplicatePlace);
    }

    /** A batch is in the log. */
    void noted(long producerId, short epoch, int baseSequence, int recordCount, long offset, long timeMs) {
        if (InternalProducer.isInternal(producerId)) {
            long number = InternalProducer.number(epoch, baseSequence);
            internal.put(producerId, new LastBatch(producerId, number, offset, timeMs));
            return;
        }
        ProducerWindow window = windows.get(producerId);
        if (window == null) {
            if (windows.size() >= MAX_PRODUCERS) {
                forgetOldest();
            }
            window = new ProducerWindow(producerId, epoch);
            windows.put(producerId, window);
        } else if (window.epoch() != epoch) {
            window.renew(epoch);
        }
        window.add(baseSequence, recordCount, offset, timeMs);
    }

    private void forgetOldest() {
        ProducerWindow oldest = null;
        for (ProducerWindow window : windows.values()) {
            if (oldest == null || window.lastOffset() < oldest.lastOffset()) {
                oldest = window;
            }
        }
        if (oldest != null) {
            windows.remove(oldest.producerId);
            forgottenUpTo = Math.max(forgottenUpTo, oldest.producerId);
        }
    }

    /** No producer with a higher id was ever forgotten; {@link #NONE_FORGOTTEN}: none at all was. */
    long forgottenUpTo() {
        return forgottenUpTo;
    }

    int size() {
        return windows.size();
    }

    @Nullable
    ProducerWindow window(long producerId) {
        return windows.get(producerId);
    }

    /** All windows, by id; for the checkpoint. */
    List<ProducerWindow> all() {
        List<ProducerWindow> all = new ArrayList<>(windows.values());
        all.sort(Comparator.comparingLong(window -> window.producerId));
        return all;
    }

    /** The broker's own, by id; for the checkpoint. */
    List<LastBatch> internal() {
        List<LastBatch> all = new ArrayList<>(internal.values());
        all.sort(Comparator.comparingLong(LastBatch::producerId));
        return all;
    }

    /** Starts over from a checkpoint, whose windows are {@link #noted} next. */
    void reset(long forgotten) {
        windows.clear();
        internal.clear();
        forgottenUpTo = forgotten;
    }
}
