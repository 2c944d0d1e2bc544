package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's directory of logs: the lock, the marks, the sync thread, the views, and each partition's log on demand.
 * Opening it touches no partition.
 *
 * <pre>
 *   DIR/lock                                  held by the one process that works here
 *   DIR/marks                                 the one file that is not derived from the logs
 *   DIR/partitions/ID/BASE.log  BASE.index    a log: its segments, named by their first entry index
 *   DIR/spares/                               zeroed files, and what waits to be deleted; emptied at each start
 *   DIR/scrub                                 how far scrubbing has come; nothing rests on it
 *   DIR/views/                                RocksDB, derived
 * </pre>
 */
public final class DataDirectory implements AutoCloseable {
    static final String PARTITIONS = "partitions";
    private static final String VIEWS = "views";
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);
    private static final long CLOCK_AHEAD_MS = TimeUnit.HOURS.toMillis(1);

    private final Path directory;
    private final StorageConfig config;
    private final Disk disk;
    private final EpochClock epochClock;
    private final NanoClock nanoClock;
    private final DirectoryLock lock;
    private final Marks marks;
    private final ViewStore views;
    private final GroupCommit groupCommit;
    private final SpareFiles spares;
    private final DirectorySync partitions;
    private final Executor background;
    private final UnopenedLogs unopened;
    private final ConcurrentHashMap<Long, PartitionLog> logs = new ConcurrentHashMap<>();
    /** Deleted, while the background may still have work for them, which finds files by the partition's id. */
    private final Set<Long> leaving = ConcurrentHashMap.newKeySet();
    /** Closed, to give up what is damaged in them. */
    private final ConcurrentHashMap<Long, PartitionLog> forfeited = new ConcurrentHashMap<>();

    private volatile @Nullable Scrubber scrubber;
    private boolean closed;

    private DataDirectory(
            Path directory,
            StorageConfig config,
            Disk disk,
            EpochClock epochClock,
            NanoClock nanoClock,
            Supplier<UUID> newId,
            DurabilityListener listener,
            Executor background)
            throws IOException {
        this.directory = directory;
        this.config = config;
        this.disk = disk;
        this.epochClock = epochClock;
        this.nanoClock = nanoClock;
        disk.createDirectories(directory);
        this.lock = DirectoryLock.acquire(disk, directory);
        boolean opened = false;
        try {
            this.marks = openMarks(newId);
            BootRecord.look(disk, directory, marks);
            disk.createDirectories(directory.resolve(PARTITIONS));
            this.background = background;
            this.partitions = new DirectorySync(disk, directory.resolve(PARTITIONS));
            this.unopened = new UnopenedLogs(disk, directory.resolve(PARTITIONS), marks);
            this.spares = new SpareFiles(disk, directory, config.maxStepBytes(), background);
            this.spares.open();
            finishDeletions();
            disk.syncDirectory(directory);
            this.views = ViewStore.in(directory.resolve(VIEWS));
            this.groupCommit = new GroupCommit(config.syncMode(), marks, listener, nanoClock, disk.parallelSyncs() - 1);
            opened = true;
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    /**
     * Opens or creates a data directory and takes its lock.
     *
     * @param newId asked only when a directory is created
     * @throws DirectoryLockedException if another process has it; names the directory and the holder
     * @throws DamagedMarksException if the marks are missing beside logs, damaged, or older than they are
     */
    public static DataDirectory open(
            Path directory,
            StorageConfig config,
            Disk disk,
            EpochClock epochClock,
            NanoClock nanoClock,
            Supplier<UUID> newId,
            DurabilityListener listener)
            throws StorageException {
        try {
            DataDirectory opened =
                    new DataDirectory(directory, config, disk, epochClock, nanoClock, newId, listener, newBackground());
            opened.groupCommit.start("headwater-sync");
            opened.background.execute(opened.unopened::measure);
            return opened;
        } catch (IOException e) {
            throw typed(e, "data directory " + directory + " cannot be opened");
        }
    }

    /** Without threads: the caller runs the group commit's steps, and the work on files runs where it is given. */
    static DataDirectory openStepped(
            Path directory,
            StorageConfig config,
            Disk disk,
            EpochClock epochClock,
            NanoClock nanoClock,
            Supplier<UUID> newId,
            DurabilityListener listener,
            Executor background)
            throws IOException {
        return new DataDirectory(directory, config, disk, epochClock, nanoClock, newId, listener, background);
    }

    private Marks openMarks(Supplier<UUID> newId) throws IOException {
        boolean isNew = !Marks.exists(disk, directory)
                && (!disk.exists(directory.resolve(PARTITIONS))
                        || disk.list(directory.resolve(PARTITIONS)).isEmpty());
        return isNew ? Marks.create(disk, directory, newId.get()) : Marks.open(disk, directory);
    }

    private static ThreadPoolExecutor newBackground() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                1,
                1,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                work -> {
                    Thread thread = new Thread(work, "headwater-files");
                    thread.setDaemon(true);
                    return thread;
                },
                // After close; what is left undone then is done by the next start.
                new ThreadPoolExecutor.DiscardPolicy());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    private static StorageException typed(IOException e, String what) {
        return e instanceof StorageException storage ? storage : new LogOfflineException(what, e);
    }

    /**
     * The partition's log, opened (and recovered, unless it was closed cleanly) by its first user, or a new one, which
     * has no file until its first append. On the partition's owner thread; different partitions in parallel.
     *
     * @throws CorruptLogException if something is missing or damaged below the durable mark
     * @throws LogLeavingException if one of the same id was deleted a moment ago; the same call succeeds soon
     * @throws DiskFullException if the process has no file descriptor left; the same call may succeed later
     */
    public PartitionLog log(long partitionId) throws StorageException {
        PartitionLog known = logs.get(partitionId);
        if (known != null) {
            return known;
        }
        if (isDeleted(partitionId)) {
            delete(partitionId);
        }
        if (leaving.contains(partitionId)) {
            throw new LogLeavingException("partition " + partitionId + ": what was deleted is not all gone yet");
        }
        LogContext context = contextOf(partitionId);
        try {
            long startNs = nanoClock.nanoTime();
            LogRecovery.Recovered recovered = LogRecovery.recover(context);
            long tookMs = TimeUnit.NANOSECONDS.toMillis(nanoClock.nanoTime() - startNs);
            LOG.debug(
                    "{}: opened in {} ms at entry {}",
                    context,
                    tookMs,
                    recovered.end().endIndex());
            if (recovered.lastIngestionTimeMs() > epochClock.time() + CLOCK_AHEAD_MS) {
                LOG.warn(
                        "{}: its last record was ingested at {} ms, which is ahead of this machine's clock",
                        context,
                        recovered.lastIngestionTimeMs());
            }
            PartitionLog opened = new PartitionLog(context, recovered, groupCommit);
            logs.put(partitionId, opened);
            unopened.forget(partitionId);
            return opened;
        } catch (CorruptLogException e) {
            LOG.error("{}: OFFLINE, damaged: {}", context, e.getMessage());
            throw e;
        } catch (IOException e) {
            if (LogContext.noDescriptorsLeft(e)) {
                throw new DiskFullException(context + " cannot be opened now: no file descriptor left", e);
            }
            throw typed(e, context + " cannot be opened");
        }
    }

    private LogContext contextOf(long partitionId) {
        return new LogContext(partitionId, partitions, pathOf(partitionId), disk, config, marks, spares);
    }

    private Path pathOf(long partitionId) {
        return directory.resolve(PARTITIONS).resolve(Long.toString(partitionId));
    }

    /** Whether the partition has anything on the disk. Any thread. */
    public boolean exists(long partitionId) {
        return disk.exists(pathOf(partitionId));
    }

    /**
     * Removes the partition with all its files, or, where that fails, at the next start. On its owner thread; its log may not
     * be used afterwards. Another log of the same id begins empty.
     */
    public void delete(long partitionId) throws StorageException {
        close(partitionId);
        forfeited.remove(partitionId);
        try {
            remove(partitionId);
            unopened.forget(partitionId);
        } catch (IOException e) {
            throw typed(e, "partition " + partitionId + " cannot be deleted");
        }
    }

    private void close(long partitionId) {
        PartitionLog log = logs.remove(partitionId);
        if (log != null) {
            log.abandon();
            forfeited.put(partitionId, log);
            leaving.add(partitionId);
            background.execute(() -> leaving.remove(partitionId));
        }
    }

    /**
     * Gives up what a log holds from a damaged place on, in its segment and behind it, because others have it: the next
     * {@link #log} opens what is left. From then on its mark says that the copy is {@link ReplicaFlag#SUSPECT}: it may lack
     * what it has acknowledged. On its owner thread; its log may not be used any more.
     *
     * @throws LogLeavingException if it is still in use elsewhere, by a reader or in the background; nothing has changed,
     *     and the same call succeeds soon
     */
    public void forfeit(long partitionId, CorruptLogException damage) throws StorageException {
        close(partitionId);
        PartitionLog closedLog = forfeited.get(partitionId);
        if (leaving.contains(partitionId) || (closedLog != null && closedLog.isLent())) {
            throw new LogLeavingException("partition " + partitionId + ": its damaged log is still in use");
        }
        try {
            LogForfeit.run(contextOf(partitionId), damage, closedLog);
            forfeited.remove(partitionId);
        } catch (IOException e) {
            throw typed(e, "partition " + partitionId + ": what is damaged of it cannot be given up");
        }
    }

    /**
     * The damage that is all that is wrong with a partition's log, so that {@link #forfeit} may help; {@code null}: there is
     * none, or more. On its owner thread.
     *
     * @param why the log cannot be used
     */
    public @Nullable CorruptLogException damage(long partitionId, StorageException why) {
        PartitionLog log = logs.get(partitionId);
        if (log != null) {
            return log.damage();
        }
        return why instanceof CorruptLogException damage && marks.contains(partitionId) ? damage : null;
    }

    /** First the mark says so: it stands for durable entries, and is damage where the directory is missing. */
    private void remove(long partitionId) throws IOException {
        if (exists(partitionId)) {
            if (marks.contains(partitionId)) {
                marks.raise(partitionId, ReplicaFlag.DELETED);
            }
            spares.retireDirectory(directory.resolve(PARTITIONS), pathOf(partitionId));
        } else if (isDeleted(partitionId)) {
            // It failed behind the renaming, which the disk may not have.
            spares.syncRetired(directory.resolve(PARTITIONS));
        }
        marks.remove(partitionId);
    }

    private boolean isDeleted(long partitionId) {
        Mark mark = new Mark();
        return marks.load(partitionId, mark) && mark.has(ReplicaFlag.DELETED);
    }

    /** What a crash or a failure has left of deletions. */
    private void finishDeletions() throws IOException {
        for (long partitionId : marks.partitionIds()) {
            if (isDeleted(partitionId)) {
                LOG.info("partition {}: the rest of it is deleted now", partitionId);
                remove(partitionId);
            }
        }
    }

    public Marks marks() {
        return marks;
    }

    public ViewStore views() {
        return views;
    }

    public GroupCommit groupCommit() {
        return groupCommit;
    }

    /**
     * Begins to read everything again and again in the background, in search of damage, until this is closed. Once.
     *
     * @param audit sees the entries that are read; on a thread of its own
     * @param suspicions on the same; whoever owns the partition is to look ({@link PartitionLog#recheck})
     */
    public void scrub(Scrubber.Settings settings, EntryAudit audit, Scrubber.Suspicions suspicions) {
        Scrubber started = new Scrubber(directory, disk, marks, epochClock, nanoClock, settings, audit, suspicions);
        scrubber = started;
        started.start("headwater-scrub");
    }

    /**
     * Does in the background what the first read of a log's tail does otherwise, and takes some 0.2 s: where other brokers
     * lead at first, that would be a part of the first failover.
     */
    public void warmUp() {
        background.execute(MappedRegion::warmUp);
    }

    /** {@code null}: nothing is scrubbed. Any thread. */
    public @Nullable Scrubber scrubber() {
        return scrubber;
    }

    /**
     * Bytes of the logs that nobody has opened since the start, without what is preallocated. Grows for a moment after
     * the start, while they are measured. Any thread.
     */
    public long unopenedBytes() {
        return unopened.bytes();
    }

    /** What this process may still write here. Any thread. */
    public long usableBytes() throws StorageException {
        try {
            return disk.usableBytes(directory);
        } catch (IOException e) {
            throw typed(e, "data directory " + directory + " cannot be asked for its room");
        }
    }

    /** Flushes and syncs every log, marks them clean and lets go of the lock. No owner may use a log any more. */
    @Override
    public void close() throws StorageException {
        if (closed) {
            return;
        }
        closed = true;
        Scrubber scrubbing = scrubber;
        if (scrubbing != null) {
            scrubbing.close();
        }
        groupCommit.close();
        unopened.stop();
        spares.stop();
        logs.values().forEach(PartitionLog::stopPreallocating);
        if (background instanceof ThreadPoolExecutor pool) {
            finish(pool);
        }
        IOException failure = null;
        for (PartitionLog log : logs.values()) {
            try {
                log.close();
            } catch (IOException e) {
                LOG.error(
                        "partition {}: could not be closed in order; it recovers at the next start",
                        log.partitionId(),
                        e);
                log.abandon();
                failure = e;
            }
        }
        spares.close();
        failure = closeAll(failure, views::close, marks::close, lock::close);
        if (failure != null) {
            throw typed(failure, "data directory " + directory + " was not closed in order");
        }
    }

    private interface Closing {
        void close() throws IOException;
    }

    private static @Nullable IOException closeAll(@Nullable IOException before, Closing... parts) {
        IOException failure = before;
        for (Closing part : parts) {
            try {
                part.close();
            } catch (IOException e) {
                LOG.error("data directory: could not be closed in order", e);
                failure = e;
            }
        }
        return failure;
    }

    private static void finish(ThreadPoolExecutor executor) {
        executor.shutdown();
        boolean interrupted = false;
        boolean done = false;
        while (!done) {
            try {
                done = executor.awaitTermination(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
