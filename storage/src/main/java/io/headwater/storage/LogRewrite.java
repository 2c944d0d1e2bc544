package io.headwater.storage;

import io.headwater.record.RecordFilter;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One rewriting of a log's sealed segments, one after the other. New files are made on the background thread, in short
 * steps between which its other work goes on; on the owner's thread a file takes the old one's place by a rename, and
 * the background thread syncs that. A crash at any point leaves the old file or the new one, and each is a whole segment.
 */
final class LogRewrite {
    private static final Logger LOG = LoggerFactory.getLogger(LogRewrite.class);

    /** Work of this log that has to be over before it can be said that nothing is left in its files. */
    @FunctionalInterface
    interface LastWork {
        void run() throws IOException;
    }

    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    private final LogReader reader;
    private final RecordFilter filter;
    private final double mostLiveShare;
    private final Executor owner;
    private final DirectorySync directory;
    private final LastWork lastWork;
    private final Consumer<RewriteReport> done;

    private final EntryScanner scanner = new EntryScanner();
    private final ArrayDeque<Segment> toDo = new ArrayDeque<>();
    private long untilOffset;
    private final List<RewriteReport.RewrittenSegment> rewritten = new ArrayList<>();
    private long unreadableBatches;
    private volatile boolean cancelled;
    /** The log is cut: where its end was, and the mark, is not what was looked at. */
    private volatile boolean cut;

    private volatile @Nullable SegmentRewriter current;

    /**
     * Of the log's parts; the list of segments is the log's own.
     *
     * @param directory the log's, for the names that are made here
     * @param lastWork on the background thread, when all segments are done
     * @param done on the owner's thread
     */
    LogRewrite(
            LogContext context,
            List<Segment> segments,
            LogCommit commit,
            LogReader reader,
            RecordFilter filter,
            double mostLiveShare,
            Executor owner,
            DirectorySync directory,
            LastWork lastWork,
            Consumer<RewriteReport> done) {
        this.context = context;
        this.segments = segments;
        this.commit = commit;
        this.reader = reader;
        this.filter = filter;
        this.mostLiveShare = mostLiveShare;
        this.owner = owner;
        this.directory = directory;
        this.lastWork = lastWork;
        this.done = done;
    }

    // ---- on the owner's thread

    /** Starts with the first so many segments of the log. */
    void start(int count) throws LogOfflineException {
        untilOffset = count < segments.size()
                ? segments.get(count).baseOffset()
                : commit.written().endOffset();
        toDo.addAll(segments.subList(0, count));
        commit.checkOnline();
        context.spares().inBackground(this::next);
    }

    private void begin(Segment segment) {
        if (cancelled) {
            return;
        }
        if (!segments.contains(segment)) {
            // Retention was faster.
            context.spares().inBackground(this::next);
            return;
        }
        try {
            SegmentFile source = segment.file();
            reader.using(segment);
            if (!source.tryRetain()) {
                throw new IllegalStateException("the owner's file is closed");
            }
            SegmentRewriter rewriter = new SegmentRewriter(context, segment, source, filter, scanner);
            current = rewriter;
            context.spares().inBackground(() -> step(rewriter, segment));
        } catch (IOException e) {
            context.spares().inBackground(() -> finish(e));
        }
    }

    /** The old file stays where it is for those who read it, without a name. */
    private void swap(SegmentRewriter rewriter, Segment old) {
        current = null;
        if (cancelled || cut || commit.offline() != null || !segments.contains(old)) {
            context.spares().inBackground(rewriter::discard);
        } else {
            try {
                context.disk().rename(rewriter.path(), old.path());
                directory.named();
            } catch (IOException e) {
                context.spares().inBackground(() -> {
                    rewriter.discard();
                    finish(e);
                });
                return;
            }
            replace(old, rewriter);
        }
        context.spares().inBackground(this::next);
    }

    private void replace(Segment old, SegmentRewriter rewriter) {
        SegmentSummary before = old.summary();
        SegmentSummary after = rewriter.summary();
        Segment fresh = new Segment(context, old.header(), after, true, 0);
        fresh.adopt(rewriter.index());
        segments.set(segments.indexOf(old), fresh);
        reader.forget(old);
        old.release();
        reader.using(fresh);
        rewritten.add(new RewriteReport.RewrittenSegment(
                after.baseIndex,
                after.baseOffset,
                after.endOffset,
                before.records() - after.records(),
                after.records(),
                before.endPosition + SegmentSummary.SIZE,
                fresh.sealedSize()));
        SegmentIndex index = rewriter.index();
        context.spares().inBackground(() -> fresh.writeIndex(index));
    }

    private void report(@Nullable Exception failure) {
        if (!cancelled) {
            cancelled = true;
            Exception why = failure == null && cut ? new IOException("the log was truncated meanwhile") : failure;
            done.accept(new RewriteReport(untilOffset, List.copyOf(rewritten), unreadableBatches, why));
        }
    }

    // ---- on the background thread

    private void next() {
        Segment next;
        try {
            do {
                next = toDo.poll();
            } while (next != null && !worthIt(next.summary()));
        } catch (RuntimeException e) {
            finish(e);
            return;
        }
        Segment segment = next;
        if (segment == null || stopped()) {
            finish(null);
        } else {
            onOwner(() -> begin(segment));
        }
    }

    /** As far as offsets tell, which may be kept although their record is gone. */
    private boolean worthIt(SegmentSummary summary) {
        long records = summary.records();
        if (records == 0) {
            return false;
        }
        if (filter.looksInside(summary.baseOffset, summary.endOffset)) {
            return true;
        }
        long kept = filter.kept(summary.baseOffset, summary.endOffset);
        return kept < summary.endOffset - summary.baseOffset && (mostLiveShare >= 1 || kept <= mostLiveShare * records);
    }

    private void step(SegmentRewriter rewriter, Segment segment) {
        if (stopped()) {
            rewriter.discard();
            finish(null);
            return;
        }
        try {
            if (!rewriter.step()) {
                context.spares().inBackground(() -> step(rewriter, segment));
                return;
            }
            unreadableBatches += rewriter.unreadableBatches();
            if (rewriter.changed()) {
                requireMarkBehind(segment);
            }
        } catch (IOException | RuntimeException e) {
            rewriter.discard();
            if (e instanceof CorruptLogException) {
                commit.takeOffline("it is damaged", e);
            }
            finish(e);
            return;
        }
        if (rewriter.changed()) {
            onOwner(() -> swap(rewriter, segment));
        } else {
            next();
        }
    }

    private boolean stopped() {
        return cancelled || cut || commit.offline() != null || context.spares().stopped();
    }

    /** A mark that points into the old file would make the new one look damaged. */
    private void requireMarkBehind(Segment segment) throws IOException {
        context.marks().sync(context.partitionId());
        Mark mark = new Mark();
        context.marks().load(context.partitionId(), mark);
        if (mark.durable.segmentBaseIndex <= segment.baseIndex()) {
            throw new IOException(context + ": the durable mark is at " + mark.durable + " (expected: behind segment "
                    + segment.baseIndex() + ")");
        }
    }

    private void finish(@Nullable Exception failure) {
        Exception reported = failure;
        if (reported == null) {
            try {
                if (stopped()) {
                    throw new LogOfflineException(context + ": its rewriting was stopped", null);
                }
                directory.sync();
                lastWork.run();
            } catch (IOException e) {
                reported = e;
            }
        }
        Exception result = reported;
        if (result != null) {
            LOG.warn("{}: its segments could not all be rewritten: {}", context, result.toString());
        }
        onOwner(() -> report(result));
    }

    private void onOwner(Runnable work) {
        try {
            owner.execute(work);
        } catch (RuntimeException e) {
            cancelled = true;
            LOG.warn("{}: its rewriting ends here, for its owner takes no more work: {}", context, e.toString());
        }
    }

    // ---- any thread

    /** The log is about to be cut: nothing is replaced any more, and the report says so. */
    void stop() {
        cut = true;
    }

    /** The log is going away: nothing is replaced or reported any more. */
    void cancel() {
        cancelled = true;
    }

    /** Lets go of what a rewriting left that was in the middle; the background thread must have stopped. */
    void close() {
        cancelled = true;
        SegmentRewriter left = current;
        if (left != null) {
            left.discard();
        }
    }
}
