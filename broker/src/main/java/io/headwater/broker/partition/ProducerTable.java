package io.headwater.broker.partition;

import java.util.ArrayList;
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
    private long forgottenUpTo = NONE_FORGOTTEN;
    private int duplicatePlace;

    /** Judges a batch; changes nothing. */
    Verdict judge(long producerId, short epoch, int baseSequence, int recordCount) {
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

    /** Right after {@link Verdict#DUPLICATE}: offset of the batch that was appended then. */
    long duplicateOffset(long producerId) {
        return windows.get(producerId).offset(duplicatePlace);
    }

    /** Right after {@link Verdict#DUPLICATE}: ingestion time of the batch that was appended then. */
    long duplicateTimeMs(long producerId) {
        return windows.get(producerId).timeMs(duplicatePlace);
    }

    /** A batch is in the log. */
    void noted(long producerId, short epoch, int baseSequence, int recordCount, long offset, long timeMs) {
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

    /** All windows, in no particular order; for the checkpoint. */
    List<ProducerWindow> all() {
        return new ArrayList<>(windows.values());
    }

    /** Starts over from a checkpoint, whose windows are {@link #noted} next. */
    void reset(long forgotten) {
        windows.clear();
        forgottenUpTo = forgotten;
    }
}
