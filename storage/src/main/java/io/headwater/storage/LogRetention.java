package io.headwater.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets go of a log's oldest segments, and ends the open one when that is what keeps them. Owner thread only. */
final class LogRetention {
    private static final Logger LOG = LoggerFactory.getLogger(LogRetention.class);

    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    private final LogAppender appender;
    private final LogReader reader;

    /** Removes the files of segments that are no longer part of the log, oldest first; tried again with each retention. */
    private final ConcurrentLinkedQueue<Runnable> leaving = new ConcurrentLinkedQueue<>();

    LogRetention(LogContext context, List<Segment> segments, LogCommit commit, LogAppender appender, LogReader reader) {
        this.context = context;
        this.segments = segments;
        this.commit = commit;
        this.appender = appender;
        this.reader = reader;
    }

    /** The segments that age, size and what is needed let go of; returns how many those were. */
    int deleteOld(long oldestMs, long retentionBytes, long doneBefore, long neededFrom) {
        long bytes = 0;
        for (Segment segment : segments) {
            bytes += segment.summary().endPosition;
        }
        List<Segment> removed = new ArrayList<>();
        for (Segment segment : segments) {
            SegmentSummary summary = segment.summary();
            boolean unneeded = summary.maxIngestionTimeMs < oldestMs
                    || (retentionBytes >= 0 && bytes - summary.endPosition >= retentionBytes);
            unneeded = summary.endOffset <= neededFrom && (unneeded || summary.endOffset <= doneBefore);
            if (!unneeded || !mayGo(segment)) {
                break;
            }
            bytes -= summary.endPosition;
            removed.add(segment);
        }
        return remove(removed);
    }

    /** The segments that end before an index; returns how many those were. */
    int dropBefore(long index) {
        List<Segment> removed = new ArrayList<>();
        for (Segment segment : segments) {
            if (segment.summary().endIndex > index || !mayGo(segment)) {
                break;
            }
            removed.add(segment);
        }
        return remove(removed);
    }

    /** Nobody may take back what is in it, and the durable mark does not need it. */
    private boolean mayGo(Segment segment) {
        return segment.sealed()
                && segment.summary().endIndex <= commit.committedIndex()
                && segment.baseIndex() < commit.durableSegmentBaseIndex();
    }

    private int remove(List<Segment> removed) {
        segments.subList(0, removed.size()).clear();
        if (!removed.isEmpty()) {
            context.marks().startsAt(context.partitionId(), segments.get(0).baseIndex());
        }
        retire(removed);
        return removed.size();
    }

    /** Ends the open segment if it holds records from before {@code oldestMs}, unless the leader ends it. The caller flushes. */
    void sealOutlived(long nowMs, long oldestMs) throws LogOfflineException {
        if (segments.isEmpty() || appender.following()) {
            return;
        }
        Segment last = segments.get(segments.size() - 1);
        try {
            if (holdsRecords(last) && !last.sealed() && last.summary().minIngestionTimeMs < oldestMs) {
                appender.seal(last, appender.ownEpoch());
            }
            if (last.sealed() && last.summary().maxIngestionTimeMs < oldestMs) {
                appender.beginEmpty(nowMs);
            }
        } catch (DiskFullException e) {
            // The last segment stays until there is room for its end, and for a successor that carries the log's ends.
        }
    }

    /** Ends the open segment if it holds records, and begins the next one, unless the leader does. The caller flushes. */
    void sealOpen(long nowMs) throws DiskFullException, LogOfflineException {
        Segment last = segments.isEmpty() || appender.following() ? null : segments.get(segments.size() - 1);
        if (last != null && !last.sealed() && holdsRecords(last)) {
            appender.seal(last, appender.ownEpoch());
        }
        if (last != null && last.sealed()) {
            appender.beginEmpty(nowMs);
        }
    }

    private static boolean holdsRecords(Segment segment) {
        return segment.summary().endOffset > segment.baseOffset();
    }

    /** Oldest first and each one durably, so that a crash never leaves a gap; and never before the marks let go. */
    private void retire(List<Segment> removed) {
        for (Segment segment : removed) {
            reader.forget(segment);
            segment.release();
            boolean lent = segment.lent();
            leaving.add(() -> context.spares().retire(context, segment.baseIndex(), lent));
        }
        if (!leaving.isEmpty()) {
            context.spares().inBackground(this::removeLeaving);
        }
    }

    private void removeLeaving() {
        List<Runnable> moves = List.copyOf(leaving);
        try {
            context.marks().sync(context.partitionId());
        } catch (IOException e) {
            LOG.warn("{}: its old segments stay until the marks can be written: {}", context, e.getMessage());
            return;
        }
        for (Runnable move : moves) {
            leaving.remove();
            move.run();
        }
    }

    /** In the background: what retention has removed is not in any file either. */
    void removeRetired() throws IOException {
        if (!leaving.isEmpty()) {
            removeLeaving();
        }
        if (!leaving.isEmpty()) {
            throw new IOException(context + ": the files of removed segments are still there");
        }
        context.spares().deleteRetired();
    }
}
