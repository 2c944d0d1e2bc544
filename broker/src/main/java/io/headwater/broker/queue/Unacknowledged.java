package io.headwater.broker.queue;

/**
 * Which of the records that a group is done with were not acknowledged: removed, or moved to another topic. It reaches
 * below the floor of what is done, as replays do, down to an offset before which nobody knows any more.
 */
final class Unacknowledged {
    final OffsetBitmap removed;
    final OffsetBitmap moved;

    Unacknowledged(long startOffset) {
        removed = new OffsetBitmap(startOffset);
        moved = new OffsetBitmap(startOffset);
    }

    /** Of nothing before this offset it is known. No record is in both sets, so that one of them begins there. */
    long knownFrom() {
        return Math.min(removed.floor(), moved.floor());
    }

    /** Of a record that is done. */
    HowDone of(long offset) {
        if (offset < knownFrom()) {
            return HowDone.FORGOTTEN;
        }
        if (removed.contains(offset)) {
            return HowDone.REMOVED;
        }
        return moved.contains(offset) ? HowDone.MOVED : HowDone.ACKNOWLEDGED;
    }

    /** At least this offset: none before it was acknowledged, as far as is known. */
    long next(long from) {
        return Math.max(removed.nextAbsent(from), moved.nextAbsent(from));
    }

    /** A snapshot that a replay goes on from may know how its next life ended. */
    void livesAgain(long offset) {
        if (offset >= knownFrom()) {
            remove(removed, offset);
            remove(moved, offset);
        }
    }

    private static void remove(OffsetBitmap from, long offset) {
        if (from.contains(offset)) {
            from.remove(offset, offset + 1);
        }
    }

    void forget(long before) {
        removed.raiseTo(before);
        moved.raiseTo(before);
    }

    /** The older half of what takes heap. */
    void forgetHalf() {
        forget((removed.bytes() > moved.bytes() ? removed : moved).middle());
    }

    /** Heap in use, roughly. */
    long bytes() {
        return removed.bytes() + moved.bytes();
    }
}
