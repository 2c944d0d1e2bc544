package io.headwater.storage;

import io.headwater.record.RecordFilter;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which of a log's segments may be rewritten, and the one rewriting of them that may be under way. Owner thread only. */
final class LogRewriting {
    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    private final LogReader reader;
    private final LogRetention retention;
    /** Of the names that rewritings make. */
    private final DirectorySync names;

    private @Nullable LogRewrite current;

    LogRewriting(
            LogContext context, List<Segment> segments, LogCommit commit, LogReader reader, LogRetention retention) {
        this.context = context;
        this.segments = segments;
        this.commit = commit;
        this.reader = reader;
        this.retention = retention;
        this.names = new DirectorySync(context.disk(), context.directory());
        if (!segments.isEmpty()) {
            // The process before this one may have been stopped between a name and its sync.
            names.named();
        }
    }

    void start(RecordFilter filter, double mostLiveShare, Executor owner, Consumer<RewriteReport> done)
            throws CorruptLogException, LogOfflineException {
        commit.checkOnline();
        if (current != null) {
            throw new IllegalStateException(context + ": a rewriting is under way (expected: one at a time)");
        }
        int count;
        try {
            count = reader.neverReplayed(commit.written(), commit.durableIndex());
        } catch (IOException e) {
            throw commit.unreadable(e);
        }
        while (count > 0 && segments.get(count - 1).summary().endIndex > commit.committedIndex()) {
            count--;
        }
        LogRewrite started = new LogRewrite(
                context,
                segments,
                commit,
                reader,
                filter,
                mostLiveShare,
                owner,
                names,
                retention::removeRetired,
                report -> {
                    current = null;
                    done.accept(report);
                });
        current = started;
        started.start(count);
    }

    boolean isUnderWay() {
        return current != null;
    }

    /** The log is about to be cut: nothing is replaced any more, and the report says so. */
    void stop() {
        if (current != null) {
            current.stop();
        }
    }

    /** The log is going away: nothing is replaced or reported any more. */
    void cancel() {
        if (current != null) {
            current.cancel();
        }
    }

    /** Lets go of what is half done; the background thread must have stopped. */
    void close() {
        if (current != null) {
            current.close();
        }
    }
}
