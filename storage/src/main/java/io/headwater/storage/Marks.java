package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.agrona.collections.Long2ObjectHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one file of a data directory that cannot be rebuilt: who this directory is, and per partition the promised epoch,
 * the durable mark and the commit mark. Thread-safe.
 *
 * <p>Methods that say "synced" return when the disk has it. The others change memory only: the sync thread hands those
 * changes to the file behind each group commit, and syncs the file now and then ({@link GroupCommit}). A mark therefore
 * lags, and never runs ahead. Reading a mark never waits for the disk: the state has a lock of its own, and the one here
 * guards the file.
 */
public final class Marks implements Closeable {
    static final String FILE_NAME = "marks";

    private static final Logger LOG = LoggerFactory.getLogger(Marks.class);
    private static final int MIN_RESERVE_BYTES = 16 * 1024;

    private static final long COMPACT_BYTES = 8L * 1024 * 1024;

    private final Object io = new Object();
    private final Path path;
    private final Journal journal;
    private final MarksTable table;
    private byte[] encoded = new byte[0];
    /** A write or sync failed: the file may lack something that memory has, and is to be written anew. */
    private boolean rewriteDue;

    private boolean fullReported;
    private boolean closed;

    private Marks(Path path, Journal journal, MarksTable table) {
        this.path = path;
        this.journal = journal;
        this.table = table;
    }

    public static boolean exists(Disk disk, Path directory) {
        return disk.exists(directory.resolve(FILE_NAME));
    }

    /** Formats a directory: writes the file, synced. It must not exist. */
    public static Marks create(Disk disk, Path directory, UUID directoryId) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        if (disk.exists(path)) {
            throw new DamagedMarksException(path + ": exists already, the directory is not formatted again", null);
        }
        MarksLayout.Identity identity = new MarksLayout.Identity(directoryId, "");
        Journal journal = Journal.create(disk, path, MarksLayout.TAG, List.of(MarksLayout.encode(identity)));
        return new Marks(path, journal, new MarksTable(identity, new Long2ObjectHashMap<>()));
    }

    /** Opens the file of a formatted directory; missing or damaged is {@link DamagedMarksException}. */
    public static Marks open(Disk disk, Path directory) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        if (!disk.exists(path)) {
            throw new DamagedMarksException(
                    path + ": missing; without it the logs in this directory cannot be trusted", null);
        }
        MarksLoader loader = new MarksLoader();
        Journal journal;
        try {
            journal = Journal.openExisting(disk, path, MarksLayout.TAG, loader);
        } catch (CorruptJournalException | IllegalArgumentException e) {
            throw new DamagedMarksException(path + ": damaged: " + e.getMessage(), e);
        }
        MarksLayout.Identity identity = loader.identity();
        if (identity == null) {
            journal.close();
            throw new DamagedMarksException(path + ": damaged: does not say which directory it belongs to", null);
        }
        Marks marks = new Marks(path, journal, new MarksTable(identity, loader.marks()));
        synchronized (marks.io) {
            marks.hasRoomFor(0);
        }
        return marks;
    }

    public UUID directoryId() {
        return table.identity().directoryId();
    }

    /** Empty until {@link #joinCluster}. */
    public String clusterId() {
        return table.identity().clusterId();
    }

    /** Binds the directory to a cluster, synced; the directory of another cluster is refused. */
    public void joinCluster(String clusterId) throws IOException {
        synchronized (io) {
            String present = clusterId();
            if (present.equals(clusterId)) {
                return;
            }
            if (!present.isEmpty()) {
                throw new DamagedMarksException(
                        path + ": belongs to cluster " + present + " (expected: " + clusterId + ")", null);
            }
            MarksLayout.Identity joined = new MarksLayout.Identity(directoryId(), clusterId);
            appendSynced(Stream.of(MarksLayout.encode(joined)));
            table.identity(joined);
        }
    }

    public boolean contains(long partitionId) {
        return table.contains(partitionId);
    }

    public int size() {
        return table.size();
    }

    /** Fills in what is known; false if the partition is not known. */
    public boolean load(long partitionId, Mark into) {
        return table.load(partitionId, into);
    }

    /** All partitions known, in no order. */
    public long[] partitionIds() {
        return table.partitionIds();
    }

    /**
     * Makes a partition known that is about to be written to, synced; it must precede the creation of its directory, so
     * that a directory without a mark is always damage. The mark is at zero and not clean. Quiet if it is known already.
     */
    public void register(long partitionId) throws IOException {
        add(false, partitionId);
    }

    /**
     * Makes partitions known, with one sync, so that their first writes need none: for a topic that is created. Their
     * marks are at zero and clean, that is {@link Mark#unused}. Quiet about those that are known already.
     */
    public void expect(long[] partitionIds) throws IOException {
        add(true, partitionIds);
    }

    private void add(boolean clean, long... partitionIds) throws IOException {
        synchronized (io) {
            List<Mark> fresh = new ArrayList<>();
            for (long partitionId : partitionIds) {
                if (!contains(partitionId)) {
                    Mark mark = new Mark();
                    mark.partitionId = partitionId;
                    mark.clean = clean;
                    fresh.add(mark);
                }
            }
            if (!fresh.isEmpty()) {
                sync();
                reserve(2 * fresh.size());
                appendSynced(fresh.stream().map(this::encode));
                fresh.forEach(table::add);
            }
        }
    }

    /**
     * Forgets a partition, synced unless it is unused: for those the next sync will do, since nothing is amiss where they
     * stay known. It must follow the removal of the directory. Quiet if the partition is not known.
     */
    public void remove(long partitionId) throws IOException {
        synchronized (io) {
            Mark removed = table.remove(partitionId);
            if (removed == null) {
                return;
            }
            byte[] record = MarksLayout.encodeRemoved(partitionId);
            if (!removed.unused()) {
                appendSynced(Stream.of(record));
            } else {
                if (!rewriteDue) {
                    journal.append(record);
                }
                writeOut(SyncMode.OFF);
            }
        }
    }

    /** Raises the promised epoch, synced; a lower one is ignored. */
    public void promise(long partitionId, int epoch) throws IOException {
        promise(new long[] {partitionId}, new int[] {epoch});
    }

    /** The same for several partitions, each with the epoch in its place, with one sync. */
    public void promise(long[] partitionIds, int[] epochs) throws IOException {
        synchronized (io) {
            for (int i = 0; i < partitionIds.length; i++) {
                table.promise(partitionIds[i], epochs[i]);
            }
            if (table.awaitsSync()) {
                sync();
            }
        }
    }

    /** Sets a flag, synced. */
    public void raise(long partitionId, ReplicaFlag flag) throws IOException {
        synchronized (io) {
            table.flags(partitionId, flag.bit(), 0);
            sync();
        }
    }

    /** Takes flags back, synced. */
    public void lower(long partitionId, ReplicaFlag... flags) throws IOException {
        synchronized (io) {
            for (ReplicaFlag flag : flags) {
                table.flags(partitionId, 0, flag.bit());
            }
            sync();
        }
    }

    /**
     * Says, synced, that what the log acknowledges from now on may not be on the disk yet: {@link ReplicaFlag#UNSYNCED}.
     *
     * @return false: it must acknowledge nothing else until a restart, as a sync of it has failed before
     */
    public boolean unsynced(long partitionId) throws IOException {
        synchronized (io) {
            boolean may = table.unsynced(partitionId);
            if (may) {
                sync();
            }
            return may;
        }
    }

    /** Takes that back: all that it has acknowledged so far is on the disk. The file hears of it later. */
    public void allSynced(long partitionId) {
        table.allSynced(partitionId);
    }

    /**
     * A sync of the log failed: what counted and was not on the disk may be lost, as with the machine. Synced, if the disk takes
     * that. Nothing counts that comes to be {@link #unsynced} later.
     */
    void syncFailed(long partitionId) {
        synchronized (io) {
            if (table.syncFailed(partitionId)) {
                try {
                    sync();
                } catch (IOException e) {
                    LOG.error("marks {}: partition {} may lack its tail, which is not kept", path, partitionId, e);
                }
            }
        }
    }

    /** The machine was down: all that were unsynced may have lost their tails. Synced. Returns how many. */
    int lostPower() throws IOException {
        synchronized (io) {
            int lost = table.lostPower();
            if (lost > 0) {
                sync();
            }
            return lost;
        }
    }

    /**
     * Raises the commit mark; a lower one is ignored. The file never holds one beyond the durable mark: what is beyond comes
     * when that follows. Nobody waits for it; see {@link PartitionLog#committed}.
     */
    public void committed(long partitionId, long commitIndex) {
        table.committed(partitionId, commitIndex);
    }

    /**
     * Takes back {@code clean}, which must be on the disk before anything behind the mark is acknowledged; the group
     * commit sees to it. Returns whether {@link #sync} must come before such an acknowledgement.
     */
    public boolean dirty(long partitionId) {
        return table.dirty(partitionId);
    }

    /** Moves the durable mark to a point that is synced; the group commit does this by itself. */
    public void durable(long partitionId, SyncPoint point) {
        table.durable(partitionId, point);
    }

    /**
     * Moves the durable mark back, before a log is cut: its only call that does. Nobody else may move it meanwhile. The file
     * must have it before the log loses anything: {@link #sync}.
     */
    public void reset(long partitionId, SyncPoint point) {
        table.reset(partitionId, point);
    }

    /** Says where the log begins. The file must have it before any segment before that goes: {@link #sync}. */
    void startsAt(long partitionId, long index) {
        table.startsAt(partitionId, index);
    }

    /**
     * Nothing from a point on can be relied on any more: moves the durable mark and the commit mark back there, and makes the
     * copy {@link ReplicaFlag#SUSPECT}, all at once and synced. Nobody may use the log meanwhile.
     *
     * @param hadEndIndex behind all that the log has ever acknowledged since it was opened; 0: not known
     * @param hadEpoch of the entry before that
     */
    void forfeit(long partitionId, SyncPoint point, long hadEndIndex, int hadEpoch) throws IOException {
        synchronized (io) {
            table.forfeit(partitionId, point, hadEndIndex, hadEpoch);
            sync();
        }
    }

    /** The log is closed in order, all of it synced, and ends here; durable with the next {@link #sync} or close. */
    public void clean(long partitionId, SyncPoint end) {
        table.clean(partitionId, end);
    }

    /** Hands changes to the file without a sync. What finds no room on a full disk stays for later. */
    void write() throws IOException {
        synchronized (io) {
            writeOut(SyncMode.OFF);
        }
    }

    /** Writes all changes and returns when the disk has them; durable marks may stay for later on a full disk. */
    public void sync() throws IOException {
        synchronized (io) {
            long covered = table.urgentChanges();
            writeOut(SyncMode.EVERY_COMMIT);
            table.urgentSynced(covered);
            if (journal.size() > Math.max(COMPACT_BYTES, 4L * MarksLayout.MARK_RECORD_BYTES * size())) {
                compact();
            }
        }
    }

    /** The same, and on a full disk this partition's mark goes to the reserve: disk space comes back behind it. */
    void sync(long partitionId) throws IOException {
        table.urge(partitionId);
        sync();
    }

    /** After a failure a new file with everything that memory knows is the way on: its own sync must succeed. */
    private void writeOut(SyncMode mode) throws IOException {
        if (rewriteDue) {
            rewrite();
            return;
        }
        try {
            appendPending();
            if (mode == SyncMode.EVERY_COMMIT) {
                journal.sync();
            } else {
                journal.write();
            }
        } catch (IOException e) {
            LOG.warn("marks {}: writing the file anew: {}", path, e.getMessage());
            try {
                rewrite();
            } catch (IOException again) {
                again.addSuppressed(e);
                throw again;
            }
        }
    }

    private void appendPending() throws IOException {
        int count = table.pendingCount();
        if (count > 0) {
            table.drain(hasRoomFor(count), mark -> journal.append(encode(mark)));
        }
    }

    private boolean hasRoomFor(int count) throws IOException {
        try {
            reserve(count);
            fullReported = false;
            return true;
        } catch (DiskFullException e) {
            if (!fullReported) {
                fullReported = true;
                LOG.warn("marks {}: no room to grow, marks lag until there is: {}", path, e.getMessage());
            }
            return false;
        }
    }

    /**
     * Room for so many marks, and behind it a reserve that only changes are written to that an acknowledgement (or the
     * return of disk space) waits for: on a full disk each partition must be able to take back "clean", and to go.
     */
    private void reserve(int count) throws IOException {
        long reserved = MIN_RESERVE_BYTES + (long) size() * MarksLayout.MARK_RECORD_BYTES;
        try {
            journal.reserve((long) count * MarksLayout.MARK_RECORD_BYTES + reserved);
        } catch (DiskFullException e) {
            throw e;
        } catch (IOException e) {
            rewriteDue = true;
            throw e;
        }
    }

    /** Appends what the stream makes when it is run, which may be the same array each time. */
    private void appendSynced(Stream<byte[]> records) throws IOException {
        sync();
        records.forEach(journal::append);
        try {
            journal.sync();
        } catch (DiskFullException e) {
            // Dropped; the file is as before.
            throw e;
        } catch (IOException e) {
            rewriteDue = true;
            throw e;
        }
    }

    private byte[] encode(Mark mark) {
        if (encoded.length != MarksLayout.sizeOf(mark)) {
            encoded = new byte[MarksLayout.sizeOf(mark)];
        }
        MarksLayout.encode(mark, ByteBuffer.wrap(encoded));
        return encoded;
    }

    private void compact() throws IOException {
        try {
            rewrite();
        } catch (DiskFullException e) {
            rewriteDue = false;
            LOG.warn("marks {}: not compacted: {}", path, e.getMessage());
        }
    }

    private void rewrite() throws IOException {
        byte[] identity = MarksLayout.encode(table.identity());
        List<Mark> marks = table.copy();
        rewriteDue = true;
        // One after the other over the same array, which the journal only borrows.
        journal.rewrite(() -> Stream.concat(Stream.of(identity), marks.stream().map(this::encode))
                .iterator());
        rewriteDue = false;
    }

    /** Syncs, and closes the file. */
    @Override
    public void close() throws IOException {
        synchronized (io) {
            if (closed) {
                return;
            }
            closed = true;
            try {
                sync();
            } finally {
                journal.close();
            }
        }
    }
}
