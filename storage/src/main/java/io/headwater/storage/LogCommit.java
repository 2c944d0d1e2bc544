package io.headwater.storage;

import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the owner of a log and the sync thread say to each other: how far it is written, which files wait for a sync, how
 * far it is durable, and whether it is offline.
 */
final class LogCommit implements Syncable {
    private static final Logger LOG = LoggerFactory.getLogger(LogCommit.class);

    private static final long NEVER_TOLD = -1;

    /** A sealed segment whose end is not synced yet; the file is retained. */
    private record Sealed(SegmentFile file, long size) {}

    /** Why a log is offline. */
    record Offline(String reason, Throwable cause) {}

    private final LogContext context;

    /** Held from a sync to what follows from its failure. */
    private final Object syncing = new Object();

    private final ConcurrentLinkedQueue<Sealed> sealed = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<DirectorySync> directories = new ConcurrentLinkedQueue<>();
    private volatile Written written;
    private volatile long durableIndex;
    private volatile long durableOffset;
    private volatile long durableSegmentBaseIndex;
    private volatile @Nullable Offline offline;
    /** The system may say of a later sync that all is well, although bytes are lost. */
    private volatile boolean syncFailed;

    /** Only the owner looks at it. */
    private boolean news;
    /** The same. */
    private long committedIndex = NEVER_TOLD;

    /** Only the sync thread looks at it. */
    private @Nullable SegmentFile toSync;

    LogCommit(LogContext context, Written recovered) {
        this.context = context;
        this.written = recovered;
        this.durableIndex = recovered.endIndex();
        this.durableOffset = recovered.endOffset();
        this.durableSegmentBaseIndex = recovered.segmentBaseIndex();
    }

    // ---- the owner's side

    Written written() {
        return written;
    }

    void written(Written now) {
        written = now;
        news = true;
    }

    /** Whether there is something that the group commit has not been told of. */
    boolean takeNews() {
        boolean told = news;
        news = false;
        return told;
    }

    /** A segment has got its footer; it is truncated to {@code size} and synced before anything behind it is durable. */
    void sealed(SegmentFile file, long size) {
        if (!file.tryRetain()) {
            throw new IllegalStateException("the owner's file is closed");
        }
        sealed.add(new Sealed(file, size));
    }

    /** A name was made in a directory that what is written from now on depends on. */
    void named(DirectorySync directory) {
        directory.named();
        directories.add(directory);
    }

    /** The log was cut, and all that is left is durable. The sync thread must be out of it. */
    void truncated(Written end) {
        written = end;
        news = false;
        durableSegmentBaseIndex = end.segmentBaseIndex();
        durableOffset = end.endOffset();
        durableIndex = end.endIndex();
    }

    long durableIndex() {
        return durableIndex;
    }

    void committed(long index) {
        committedIndex = Math.max(committedIndex, index);
    }

    void onlyCopy() {
        committedIndex = NEVER_TOLD;
    }

    /** Behind the last entry that no leader will ever take back. */
    long committedIndex() {
        return committedIndex == NEVER_TOLD ? durableIndex : committedIndex;
    }

    long durableOffset() {
        return durableOffset;
    }

    /** The segment that the durable mark points into: it and those behind it must stay. */
    long durableSegmentBaseIndex() {
        return durableSegmentBaseIndex;
    }

    boolean allDurable() {
        return durableIndex == written.endIndex() && sealed.isEmpty();
    }

    @Nullable
    Offline offline() {
        return offline;
    }

    @Nullable
    String offlineReason() {
        Offline now = offline;
        return now == null ? null : now.reason();
    }

    /** For good, and loudly. The first reason stays. Any thread. */
    LogOfflineException takeOffline(String reason, Throwable cause) {
        synchronized (this) {
            if (offline == null) {
                offline = new Offline(reason, cause);
                LOG.error("{}: OFFLINE: {}", context, reason, cause);
            }
        }
        return new LogOfflineException(context + " is offline: " + reason, cause);
    }

    /** The damage that took this log offline, if that is all that is wrong with its files; else {@code null}. */
    @Nullable
    CorruptLogException damage() {
        Offline now = offline;
        return now != null && !syncFailed && now.cause() instanceof CorruptLogException damage ? damage : null;
    }

    /** Damage takes the log offline, and the first to find it hears what it is; so does a disk that cannot be read. */
    LogOfflineException unreadable(IOException e) throws CorruptLogException, LogOfflineException {
        if (e instanceof LogOfflineException already) {
            throw already;
        }
        if (e instanceof CorruptLogException corrupt) {
            takeOffline("it is damaged", corrupt);
            throw corrupt;
        }
        if (LogContext.noDescriptorsLeft(e)) {
            return new LogOfflineException(context + " cannot be read now: no file descriptor left", e);
        }
        throw takeOffline("it cannot be read", e);
    }

    /** A look into the log's files. */
    @FunctionalInterface
    interface Reading<T> {
        T run() throws IOException;
    }

    /** What is read, or why it cannot be: see {@link #unreadable}. */
    <T> T reading(Reading<T> reading) throws CorruptLogException, LogOfflineException {
        checkOnline();
        try {
            return reading.run();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** The same, where all has to be read or nothing: a process without descriptors may come back later. */
    void replaying(LogTruncation.Step replay) throws CorruptLogException, DiskFullException, LogOfflineException {
        checkOnline();
        try {
            replay.run();
        } catch (IOException e) {
            if (LogContext.noDescriptorsLeft(e)) {
                throw new DiskFullException(context + " cannot be read now: no file descriptor left", e);
            }
            throw unreadable(e);
        }
    }

    void checkOnline() throws LogOfflineException {
        Offline now = offline;
        if (now != null) {
            throw new LogOfflineException(context + " is offline: " + now.reason(), now.cause());
        }
    }

    // ---- the sync thread's side

    @Override
    public long partitionId() {
        return context.partitionId();
    }

    @Override
    public void written(SyncPoint into) {
        Written now = written;
        toSync = now.file();
        into.set(now.endIndex(), now.endOffset(), now.segmentBaseIndex(), now.position());
    }

    /**
     * Oldest first, so that a power cut in the middle leaves a log that ends somewhere, not one with a gap.
     *
     * @throws LogOfflineException also if the log went offline before: a sync elsewhere may have been told that these
     *     entries are lost
     */
    @Override
    public void sync() throws IOException {
        synchronized (syncing) {
            try {
                syncFiles();
            } catch (IOException e) {
                if (!LogContext.noDescriptorsLeft(e)) {
                    lost();
                }
                throw e;
            }
            checkOnline();
        }
    }

    /**
     * Syncs what is preallocated, on the background thread. The system reports a failed sync once, so the log is offline
     * before the group commit can sync the same file and find it well.
     */
    void syncAhead(SegmentFile file) throws IOException {
        synchronized (syncing) {
            try {
                file.disk().sync();
            } catch (IOException e) {
                lost();
                throw takeOffline("syncing its preallocated space failed; what was not durable may be lost", e);
            }
        }
    }

    /** What was written may be gone, though a process that starts on it reads it as it was synced last. */
    private void lost() {
        syncFailed = true;
        context.marks().syncFailed(context.partitionId());
    }

    private void syncFiles() throws IOException {
        for (Sealed next = sealed.peek(); next != null; next = sealed.peek()) {
            next.file().disk().truncate(next.size());
            next.file().disk().sync();
            sealed.remove();
            next.file().release();
        }
        for (DirectorySync next = directories.peek(); next != null; next = directories.peek()) {
            // Without a file descriptor this is tried again.
            next.sync();
            directories.remove();
        }
        SegmentFile file = toSync;
        // Whoever closed it has made sure before that all of it was durable.
        if (file != null && file.tryRetain()) {
            try {
                file.disk().sync();
            } finally {
                file.release();
            }
        }
    }

    @Override
    public void synced(SyncPoint point) {
        durableSegmentBaseIndex = point.segmentBaseIndex;
        durableOffset = point.endOffset;
        durableIndex = point.endIndex;
    }

    @Override
    public void failed(IOException cause) {
        takeOffline("a sync failed; what was not durable before may be lost", cause);
    }

    /** Lets go of what waits for a sync that will not come. After the sync thread is done with this log. */
    void abandon() {
        for (Sealed next = sealed.poll(); next != null; next = sealed.poll()) {
            next.file().release();
        }
    }
}
