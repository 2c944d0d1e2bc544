package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import org.jspecify.annotations.Nullable;

/** Compares an index with the entries it is about, as a walk passes them. */
final class IndexCheck {
    static final String MISSING = "missing or bad";

    private final @Nullable SegmentIndex index;
    private final @Nullable SegmentSummary covered;
    private int step = -1;
    private long minEventTimeMs;
    private long maxEventTimeMs;
    private boolean control;
    private boolean reached;
    private @Nullable String wrong;

    IndexCheck(IndexFile.@Nullable Loaded loaded) {
        index = loaded == null ? null : loaded.index();
        covered = loaded == null ? null : loaded.covered();
    }

    void entry(Envelope entry, long position) {
        SegmentIndex steps = index;
        if (steps == null || covered == null || position >= covered.endPosition) {
            return;
        }
        if (step + 1 < steps.count() && steps.position(step + 1) <= position) {
            endStep(steps);
            step++;
            if (steps.position(step) != position
                    || steps.entryIndex(step) != entry.entryIndex()
                    || steps.offset(step) != entry.baseOffset()
                    || steps.ingestionTimeMs(step) != entry.ingestionTimeMs()) {
                wrong = "step " + step + " does not point to an entry";
            }
        }
        boolean data = entry.kind() == EntryKind.DATA;
        control |= !data;
        minEventTimeMs = data ? Math.min(minEventTimeMs, entry.minEventTimeMs()) : minEventTimeMs;
        maxEventTimeMs = data ? Math.max(maxEventTimeMs, entry.maxEventTimeMs()) : maxEventTimeMs;
    }

    private void endStep(SegmentIndex steps) {
        if (step >= 0
                && (steps.minEventTimeMs(step) != minEventTimeMs
                        || steps.maxEventTimeMs(step) != maxEventTimeMs
                        || steps.holdsControl(step) != control)) {
            wrong = "step " + step + " does not say what its entries hold";
        }
        minEventTimeMs = Long.MAX_VALUE;
        maxEventTimeMs = Long.MIN_VALUE;
        control = false;
    }

    /** After each entry: how far the walk has come. */
    void covered(SegmentSummary found) {
        if (covered != null && found.endIndex == covered.endIndex) {
            reached = true;
            boolean sameEpochs = covered.epochs().isEmpty() || covered.epochs().equals(found.epochs());
            if (!found.sameAs(covered) || !sameEpochs) {
                wrong = "it was made for other entries";
            }
        }
    }

    /** What is wrong; {@code null} if nothing is. */
    @Nullable
    String finish(SegmentSummary found) {
        SegmentIndex steps = index;
        if (steps == null || covered == null) {
            return found.rolled() ? MISSING : null;
        }
        endStep(steps);
        if (step + 1 != steps.count()) {
            return "step " + (step + 1) + " does not point to an entry";
        }
        return wrong == null && !reached && covered.endIndex > found.baseIndex
                ? "it covers entries that are not there"
                : wrong;
    }
}
