package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds entries in the segments of one log, by index, by offset and by time. Owner thread only. */
final class LogReader {
    /** How far behind the end a read may begin and still go through the mapping. */
    private static final long HOT_TAIL_BYTES = 1 << 20;
    /** Entries that one call may step over for a time range, before it says how far it came. */
    private static final int MOST_SKIPPED = 4096;

    /** Sealed segments that stay open between reads: bounds descriptors and index memory of one log. */
    private static final int MOST_OPEN = 4;

    private final List<Segment> segments;
    private final ArrayDeque<Segment> opened = new ArrayDeque<>();

    LogReader(List<Segment> segments) {
        this.segments = segments;
    }

    /** Everything here is on the file: {@code end} is what was flushed. */
    LogSlice read(long fromOffset, long untilOffset, int maxBytes, @Nullable TimeRange times, Written end)
            throws IOException {
        long offset = fromOffset;
        long until = Math.min(untilOffset, end.endOffset());
        int skipped = 0;
        for (int i = segmentOf(offset); offset < until && i < segments.size(); i++) {
            Segment segment = segments.get(i);
            SegmentSummary summary = segment.summary();
            if (summary.endOffset <= offset) {
                continue;
            }
            if (times != null && !times.overlaps(summary.minEventTimeMs, summary.maxEventTimeMs)) {
                offset = Math.max(offset, Math.min(summary.endOffset, until));
                continue;
            }
            EntryScanner walk = startAt(segment, segment.index().stepOfOffset(offset), end);
            long from = walk.nextPosition();
            if (walk.nextOffset() == offset && swallowStep(segment, walk, until, from + maxBytes, times)) {
                // Large batches, read one behind the other: the index knows all about them.
                return run(segment, walk, from, offset, until, maxBytes, times, end);
            }
            while (next(segment, walk, end)) {
                Envelope entry = walk.envelope();
                if (entry.baseOffset() >= until) {
                    return LogSlice.empty(until);
                }
                if (entry.kind() != EntryKind.DATA || walk.nextOffset() <= offset) {
                    continue;
                }
                if (matches(entry, times)) {
                    return run(segment, walk, walk.position(), entry.baseOffset(), until, maxBytes, times, end);
                }
                offset = Math.min(walk.nextOffset(), until);
                if (++skipped == MOST_SKIPPED) {
                    return LogSlice.empty(offset);
                }
                skipSteps(segment, walk, times);
                offset = Math.max(offset, Math.min(walk.nextOffset(), until));
            }
        }
        return LogSlice.empty(Math.max(fromOffset, Math.min(offset, until)));
    }

    /** Extends what begins at {@code from} and ends where {@code walk} goes on, as far as it goes without a gap. */
    private LogSlice run(
            Segment segment,
            EntryScanner walk,
            long from,
            long base,
            long until,
            int maxBytes,
            @Nullable TimeRange times,
            Written end)
            throws IOException {
        long to = walk.nextPosition();
        long nextOffset = walk.nextOffset();
        while (true) {
            if (swallowStep(segment, walk, until, from + maxBytes, times)) {
                to = walk.nextPosition();
                nextOffset = walk.nextOffset();
                continue;
            }
            if (singleEntryEndsBehind(segment.index(), walk.nextPosition(), from + maxBytes)
                    || !next(segment, walk, end)
                    || walk.envelope().kind() != EntryKind.DATA
                    || walk.envelope().baseOffset() >= until
                    || walk.nextPosition() - from > maxBytes
                    || (walk.records() > 0 && !matches(walk.envelope(), times))) {
                break;
            }
            to = walk.nextPosition();
            nextOffset = walk.nextOffset();
        }
        segment.check(from, to, Scratch.get().check());
        return LogSlice.of(segment, from, to, base, nextOffset);
    }

    /** Whether the index knows, without a look at the file, that the next entry is too large. */
    private static boolean singleEntryEndsBehind(SegmentIndex index, long position, long endPosition) {
        int step = index.stepOfPosition(position);
        return step + 1 < index.count()
                && index.position(step) == position
                && index.entryIndex(step + 1) == index.entryIndex(step) + 1
                && index.position(step + 1) > endPosition;
    }

    /** Takes a whole index step without looking at its entries, if all of it belongs to the run. */
    private static boolean swallowStep(
            Segment segment, EntryScanner walk, long until, long endPosition, @Nullable TimeRange times)
            throws IOException {
        SegmentIndex index = segment.index();
        int step = index.stepOfPosition(walk.nextPosition());
        if (step + 1 >= index.count()
                || index.position(step) != walk.nextPosition()
                || index.holdsControl(step)
                || index.position(step + 1) > endPosition
                || index.offset(step + 1) > until
                || (times != null
                        && !(index.minEventTimeMs(step) >= times.fromMs()
                                && index.maxEventTimeMs(step) < times.untilMs()))) {
            return false;
        }
        walk.skipTo(index.position(step + 1), index.entryIndex(step + 1), index.offset(step + 1));
        return true;
    }

    /** Jumps over the index steps from here on that hold nothing in the range. */
    private static void skipSteps(Segment segment, EntryScanner walk, @Nullable TimeRange times) throws IOException {
        SegmentIndex index = segment.index();
        int step = index.stepOfPosition(walk.nextPosition());
        if (times == null || index.position(step) != walk.nextPosition()) {
            return;
        }
        while (step + 1 < index.count() && !times.overlaps(index.minEventTimeMs(step), index.maxEventTimeMs(step))) {
            step++;
        }
        walk.skipTo(index.position(step), index.entryIndex(step), index.offset(step));
    }

    private static boolean matches(Envelope entry, @Nullable TimeRange times) {
        return times == null || times.overlaps(entry.minEventTimeMs(), entry.maxEventTimeMs());
    }

    /**
     * Entries of every kind that lie wholly below {@code untilIndex}, from the one that holds {@code fromIndex} on, up to
     * the end of its segment: at least one, else no more than {@code maxBytes}. None if the first does not.
     */
    EntryRun readEntries(long fromIndex, long untilIndex, int maxBytes, Written end) throws IOException {
        Segment segment = segments.get(segmentOfEntry(fromIndex));
        EntryScanner walk = startAt(segment, segment.index().stepOfEntry(fromIndex), end);
        while (walk.nextIndex() <= fromIndex) {
            if (!next(segment, walk, end)) {
                return new EntryRun(LogSlice.empty(walk.nextOffset()), fromIndex, fromIndex);
            }
        }
        Envelope first = walk.envelope();
        if (walk.nextIndex() > untilIndex) {
            return new EntryRun(LogSlice.empty(first.baseOffset()), fromIndex, fromIndex);
        }
        long from = walk.position();
        long baseIndex = first.entryIndex();
        long baseOffset = first.baseOffset();
        long to;
        long nextIndex;
        long nextOffset;
        do {
            to = walk.nextPosition();
            nextIndex = walk.nextIndex();
            nextOffset = walk.nextOffset();
        } while ((skipStep(segment, walk, untilIndex, from + maxBytes) || next(segment, walk, end))
                && walk.nextIndex() <= untilIndex
                && walk.nextPosition() - from <= maxBytes);
        segment.check(from, to, Scratch.get().check());
        return new EntryRun(LogSlice.of(segment, from, to, baseOffset, nextOffset), baseIndex, nextIndex);
    }

    /** Takes a whole index step without a look at its entries, if all of them belong to the run. */
    private static boolean skipStep(Segment segment, EntryScanner walk, long untilIndex, long endPosition)
            throws IOException {
        SegmentIndex index = segment.index();
        int next = index.stepOfPosition(walk.nextPosition()) + 1;
        if (next >= index.count()
                || index.position(next - 1) != walk.nextPosition()
                || index.position(next) > endPosition
                || index.entryIndex(next) > untilIndex) {
            return false;
        }
        walk.skipTo(index.position(next), index.entryIndex(next), index.offset(next));
        return true;
    }

    /** Of a sealed segment in which one begins, the index is read; nothing else is. */
    List<EpochStart> epochs() throws IOException {
        if (segments.isEmpty()) {
            return List.of();
        }
        List<EpochStart> epochs = new ArrayList<>();
        for (Segment segment : segments) {
            SegmentSummary summary = segment.summary();
            if (!summary.knowsEpochs(segment.header())) {
                using(segment);
                segment.index();
            }
            List<EpochStart> begun = summary.epochs();
            boolean goesOn = begun.isEmpty() || begun.get(0).firstIndex() > segment.baseIndex();
            boolean holdsAny = summary.endIndex > segment.baseIndex();
            if (epochs.isEmpty() && goesOn && (holdsAny || segment.header().lastEpoch() >= 0)) {
                epochs.add(new EpochStart(segment.header().lastEpoch(), segment.baseIndex()));
            }
            epochs.addAll(begun);
        }
        return List.copyOf(epochs);
    }

    long offsetForIngestionTime(long timeMs, Written end) throws IOException {
        for (Segment segment : segments) {
            if (segment.summary().maxIngestionTimeMs < timeMs) {
                continue;
            }
            EntryScanner walk = startAt(segment, segment.index().stepBeforeIngestion(timeMs), end);
            while (next(segment, walk, end)) {
                if (walk.records() > 0 && walk.envelope().ingestionTimeMs() >= timeMs) {
                    return walk.envelope().baseOffset();
                }
            }
        }
        return end.endOffset();
    }

    long offsetForEventTime(long timeMs, Written end) throws IOException {
        for (Segment segment : segments) {
            if (segment.summary().maxEventTimeMs < timeMs) {
                continue;
            }
            SegmentIndex index = segment.index();
            for (int step = 0; step < index.count(); step++) {
                if (index.maxEventTimeMs(step) < timeMs) {
                    continue;
                }
                EntryScanner walk = startAt(segment, step, end);
                while (next(segment, walk, end)) {
                    if (walk.records() > 0 && walk.envelope().maxEventTimeMs() >= timeMs) {
                        return walk.envelope().baseOffset();
                    }
                }
            }
        }
        return end.endOffset();
    }

    void replay(EntryVisitor visitor, Written end) throws IOException {
        for (int i = firstToReplay(end, segments.size() - 1); i < segments.size(); i++) {
            Segment segment = segments.get(i);
            EntryScanner walk = scanner(segment, end);
            while (next(segment, walk, end)) {
                visitor.visit(walk.envelope(), payload(segment, walk));
            }
        }
    }

    private static ByteBuffer payload(Segment segment, EntryScanner walk) throws IOException {
        try {
            ByteBuffer payload = walk.payload();
            if (walk.isIntact(payload)) {
                return payload;
            }
        } catch (EOFException shorter) {
            throw segment.unreadable(walk.position(), shorter);
        }
        throw new CorruptLogException(segment.path(), walk.position(), "the checksum of a payload does not match");
    }

    /** How many segments stand before the one that a replay would begin with after any crash from now on. */
    int neverReplayed(Written end, long durableIndex) throws IOException {
        int count = segments.isEmpty() ? 0 : firstToReplay(end, segments.size() - 1);
        while (count > 0 && segments.get(count).baseIndex() >= durableIndex) {
            // Its checkpoint may still get lost, and the one before would be used.
            count = firstToReplay(end, count - 1);
        }
        return count;
    }

    /** The last segment, up to a given one, that begins with a checkpoint; 0 if none does. */
    private int firstToReplay(Written end, int last) throws IOException {
        for (int i = last; i > 0; i--) {
            Segment segment = segments.get(i);
            EntryScanner walk = scanner(segment, end);
            if (next(segment, walk, end) && walk.envelope().kind() == EntryKind.CHECKPOINT) {
                return i;
            }
        }
        return 0;
    }

    private EntryScanner scanner(Segment segment, Written end) throws IOException {
        using(segment);
        EntryScanner walk = Scratch.get().walk();
        walk.start(
                segment::read,
                EntryScanner.Depth.HEADS,
                SegmentHeader.SIZE,
                endOf(segment, end),
                segment.baseIndex(),
                segment.baseOffset());
        return walk;
    }

    private EntryScanner startAt(Segment segment, int step, Written end) throws IOException {
        using(segment);
        SegmentIndex index = segment.index();
        if (index.count() == 0) {
            return scanner(segment, end);
        }
        long position = index.position(step);
        long limit = endOf(segment, end);
        if (limit - position <= HOT_TAIL_BYTES && !segment.sealed() && position < limit) {
            segment.mapTail(position, limit);
        }
        EntryScanner walk = Scratch.get().walk();
        walk.start(
                segment::read, EntryScanner.Depth.HEADS, position, limit, index.entryIndex(step), index.offset(step));
        return walk;
    }

    /** Reads again what stands at a position of a segment; false: it is not there any more. All of it is flushed. */
    boolean recheck(long baseIndex, long position) throws IOException {
        for (Segment segment : segments) {
            if (segment.baseIndex() == baseIndex) {
                using(segment);
                segment.recheck(position, Scratch.get().check());
                return true;
            }
        }
        return false;
    }

    /** The same of the entry with this record. */
    boolean recheckRecord(long offset) throws IOException {
        Segment segment = segments.get(segmentOf(offset));
        SegmentIndex index = segment.index();
        return index.count() > 0 && recheck(segment.baseIndex(), index.position(index.stepOfOffset(offset)));
    }

    /** The same with entries, up to the end of the segment that holds the first of them. */
    boolean recheckEntries(long from, long until) throws IOException {
        Segment segment = segments.get(segmentOfEntry(from));
        using(segment);
        segment.recheckEntries(from, until, Scratch.get().check());
        return true;
    }

    /** Closes the sealed segment that was opened longest ago, if this one makes too many. */
    void using(Segment segment) {
        if (!segment.sealed() || segment == opened.peekLast()) {
            return;
        }
        opened.remove(segment);
        opened.addLast(segment);
        if (opened.size() > MOST_OPEN) {
            opened.removeFirst().release();
        }
    }

    /** The segment is going away. */
    void forget(Segment segment) {
        opened.remove(segment);
    }

    private static long endOf(Segment segment, Written end) {
        if (segment.baseIndex() == end.segmentBaseIndex()) {
            return end.position();
        }
        // A segment behind that one was begun by an append that is not flushed yet.
        return segment.baseIndex() > end.segmentBaseIndex() ? SegmentHeader.SIZE : segment.summary().endPosition;
    }

    /** Moves on; whatever stands below the end and is no entry is damage. */
    private static boolean next(Segment segment, EntryScanner walk, Written end) throws IOException {
        if (walk.next()) {
            return true;
        }
        if (walk.nextPosition() < endOf(segment, end)) {
            throw segment.corrupt(walk);
        }
        return false;
    }

    /** The last segment that begins at or before an entry index. */
    private int segmentOfEntry(long index) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).baseIndex() <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The last segment that begins at or before an offset. */
    private int segmentOf(long offset) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).baseOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
