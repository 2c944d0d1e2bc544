package io.headwater.storage;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The whole segments that a log gives to other copies of it, and takes from them, as files. Given are those that are sealed
 * and committed, so that no copy ever has to cut what it got in this way. A segment that is taken is checked before
 * ({@link IncomingSegment}), synced, and becomes the last one of the log by a rename; the directory is synced behind that.
 * A crash leaves the log without it, or with it: recovery finds it behind the durable mark, and reads it once more.
 *
 * <p>Owner thread only.
 */
public final class SegmentExchange {
    private final LogContext context;
    private final List<Segment> segments;
    private final LogCommit commit;
    private final LogAppender appender;
    private final LogReader reader;
    private final LogTruncation truncation;
    private final Changes changes;

    /** Makes a change while neither the group commit nor a rewriting is in the log. */
    @FunctionalInterface
    interface Changes {
        void make(LogTruncation.Step change) throws StorageException;
    }

    SegmentExchange(
            LogContext context,
            List<Segment> segments,
            LogCommit commit,
            LogAppender appender,
            LogReader reader,
            LogTruncation truncation,
            Changes changes) {
        this.context = context;
        this.segments = segments;
        this.commit = commit;
        this.appender = appender;
        this.reader = reader;
        this.truncation = truncation;
        this.changes = changes;
    }

    /** Whether a segment begins there that can be given. */
    public boolean offers(long baseIndex) {
        return offered(baseIndex) != null;
    }

    private @Nullable Segment offered(long baseIndex) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).baseIndex() <= baseIndex) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Segment found = segments.isEmpty() ? null : segments.get(low);
        return found != null
                        && found.baseIndex() == baseIndex
                        && found.sealed()
                        && found.summary().endIndex <= Math.min(commit.committedIndex(), commit.durableIndex())
                ? found
                : null;
    }

    /**
     * Lends some bytes of the segment that begins at an entry: those that are asked for, if it is still the one with that
     * checksum, or else its first ones.
     *
     * @param position where they begin, in the file
     * @return null: there is no segment that can be given
     */
    public @Nullable SegmentPart lend(long baseIndex, long checksum, long position, int maxBytes)
            throws StorageException {
        Segment found = offered(baseIndex);
        if (found == null) {
            return null;
        }
        return commit.reading(() -> {
            SegmentFile file = found.file();
            reader.using(found);
            if (!file.tryRetain()) {
                throw new IllegalStateException("the owner's file is closed");
            }
            SegmentManifest manifest = SegmentManifest.of(found);
            boolean goesOn = checksum == manifest.checksum() && position > 0 && position < manifest.bytes();
            long from = goesOn ? position : 0;
            return new SegmentPart(manifest, file, from, (int) Math.min(maxBytes, manifest.bytes() - from));
        });
    }

    /** Whether the log ends where a segment may begin: it holds nothing, or its last segment is sealed. */
    public boolean takes() {
        Segment last = last();
        return !appender.isPending()
                && commit.offline() == null
                && (last == null || last.sealed() || last.summary().endIndex == last.baseIndex());
    }

    private @Nullable Segment last() {
        return segments.isEmpty() ? null : segments.get(segments.size() - 1);
    }

    /**
     * Makes room for the segment that is to come next. What an earlier one has left of it is gone on with.
     *
     * @return null: this is not the next one of this log
     * @throws DiskFullException if there is no room; nothing has changed
     */
    public @Nullable IncomingSegment receive(SegmentManifest manifest) throws StorageException {
        commit.checkOnline();
        if (!takes()
                || manifest.baseIndex() != appender.nextIndex()
                || manifest.epochBefore() != appender.lastEpoch()) {
            return null;
        }
        try {
            context.marks().register(context.partitionId());
            context.disk().createDirectories(context.directory());
            context.parent().named();
        } catch (DiskFullException e) {
            throw e;
        } catch (IOException e) {
            throw commit.unreadable(e);
        }
        return new IncomingSegment(context, manifest);
    }

    /**
     * Makes a segment that has {@link IncomingSegment#finish come whole} the last one of this log, before it returns and
     * for good. The log follows.
     *
     * @return false: it does not go on where this log ends; nothing has changed
     */
    public boolean take(IncomingSegment incoming) throws StorageException {
        commit.checkOnline();
        IncomingSegment.Whole whole = incoming.whole();
        if (whole == null
                || !takes()
                || whole.header().baseIndex() != appender.nextIndex()
                || whole.header().baseOffset() != appender.nextOffset()
                || whole.header().lastEpoch() != appender.lastEpoch()) {
            return false;
        }
        boolean[] placed = new boolean[1];
        changes.make(() -> {
            truncation.settle();
            Segment taken = place(incoming, whole);
            if (taken != null) {
                appender.truncated(taken);
                placed[0] = true;
            }
        });
        return placed[0];
    }

    /** Returns null where its file is not there any more, as when an earlier copy of the same log has cleared up late. */
    private @Nullable Segment place(IncomingSegment incoming, IncomingSegment.Whole whole) throws IOException {
        SegmentSummary end = whole.summary();
        Segment empty = last();
        try {
            context.parent().sync();
            IndexFile.delete(context, end.baseIndex);
            incoming.taken();
            if (!rename(incoming.path(), context.logPath(end.baseIndex))) {
                return null;
            }
            if (empty != null && !empty.sealed()) {
                empty.stopPreallocating();
                reader.forget(empty);
                empty.discard();
                empty.release();
                segments.remove(segments.size() - 1);
            }
            context.disk().syncDirectory(context.directory());
        } catch (IOException e) {
            throw commit.takeOffline("taking a segment of another copy failed half way", e);
        }
        Segment taken = new Segment(context, whole.header(), end, true, 0);
        taken.adopt(whole.index());
        segments.add(taken);
        reader.using(taken);
        context.spares().inBackground(() -> taken.writeIndex(whole.index()));
        commit.truncated(new Written(end.endIndex, end.endOffset, end.baseIndex, end.endPosition, null));
        return taken;
    }

    private boolean rename(Path from, Path to) throws IOException {
        try {
            context.disk().rename(from, to);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
