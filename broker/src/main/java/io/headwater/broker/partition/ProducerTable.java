package io.headwater.broker.partition;

import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The producers that wrote to a partition lately, and what of theirs it would recognise. Derived from the log: every
 * appended or replayed batch is {@link #noted}. Bounded: the producer that was silent for longest makes room, but none
 * that may still be retrying.
 */
final class ProducerTable {
    static final int MAX_PRODUCERS = 2048;

    /** Far longer than any client retries. */
    static final long MIN_IDLE_MS = 10 * 60_000;

    /** What is to be done with a batch. */
    enum Verdict {
        APPEND,
        /** It is in the window: answer with {@link #duplicateOffset}'s position. */
        DUPLICATE,
        /** A batch between it and the last one is missing. */
        OUT_OF_ORDER,
        /** It was appended once, or belongs to a producer that is not known any more; which, cannot be told. */
        OUTSIDE_WINDOW,
        /** A newer epoch of this producer has written. */
        FENCED,
        /** No room for one more producer. */
        TOO_MANY
    }

    private final Long2ObjectHashMap<ProducerWindow> windows = new Long2ObjectHashMap<>();
    private int duplicatePlace;

    /**
     * Judges a batch. A producer's first one makes it known even if its append fails then: what it has sent behind that
     * one is out of order, which is definite, and not unknown.
     */
    Verdict judge(long producerId, short epoch, int baseSequence, int recordCount, long nowMs) {
        ProducerWindow window = windows.get(producerId);
        if (window == null) {
            if (baseSequence != 0) {
                return Verdict.OUTSIDE_WINDOW;
            }
            if (windows.size() >= MAX_PRODUCERS && !evictIdle(nowMs)) {
                return Verdict.TOO_MANY;
            }
            windows.put(producerId, new ProducerWindow(producerId, epoch, nowMs));
            return Verdict.APPEND;
        }
        if (epoch < window.epoch()) {
            return Verdict.FENCED;
        }
        if (epoch > window.epoch()) {
            return baseSequence == 0 ? Verdict.APPEND : Verdict.OUT_OF_ORDER;
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
        return ahead < 1 << 30 ? Verdict.OUT_OF_ORDER : Verdict.OUTSIDE_WINDOW;
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
            window = new ProducerWindow(producerId, epoch, timeMs);
            windows.put(producerId, window);
        } else if (window.epoch() != epoch) {
            window.renew(epoch);
        }
        window.add(baseSequence, recordCount, offset, timeMs);
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

    void clear() {
        windows.clear();
    }

    private boolean evictIdle(long nowMs) {
        ProducerWindow oldest = null;
        for (ProducerWindow window : windows.values()) {
            if (oldest == null || window.lastUsedMs() < oldest.lastUsedMs()) {
                oldest = window;
            }
        }
        if (oldest == null || nowMs - oldest.lastUsedMs() < MIN_IDLE_MS) {
            return false;
        }
        windows.remove(oldest.producerId);
        return true;
    }
}
