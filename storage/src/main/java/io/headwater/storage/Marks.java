package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.agrona.collections.Long2ObjectHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one file of a data directory that cannot be rebuilt: who this directory is, and per partition the promised epoch,
 * the durable mark and the commit mark. Thread-safe.
 *
 * <p>Methods that say "synced" return when the disk has it. The others change memory only: the sync thread hands those
 * changes to the file behind each group commit, and syncs the file now and then ({@link GroupCommit}). A mark therefore
 * lags, and never runs ahead.
 *
 * <p>Two locks, so that an owner who reads a mark never waits for the disk: {@code state} guards the map and is held for
 * moments; {@code io} guards the journal, is held while it is written and synced, and is always taken first.
 */
public final class Marks implements Closeable {
    static final String FILE_NAME = "marks";

    private static final Logger LOG = LoggerFactory.getLogger(Marks.class);
    /** Room in the file that is kept for changes that an acknowledgement waits for, when the disk is full. */
    private static final int RESERVE_BYTES = 16 * 1024;

    private static final long COMPACT_BYTES = 8L * 1024 * 1024;

    private final Object state = new Object();
    private final Object io = new Object();
    private final Path path;
    private final Journal journal;
    private final Long2ObjectHashMap<Mark> marks;
    private final List<Mark> pending = new ArrayList<>();
    private final byte[] encoded = new byte[MarksLayout.MARK_BYTES];
    private MarksLayout.Identity identity;
    /** The journal does not hold what memory says, because a write or sync failed: it must be written anew. */
    private boolean rewriteDue;

    private boolean fullReported;
    /** Counts changes that an acknowledgement waits for. */
    private long urgentChanges;
    /** How many of them are on the disk. */
    private long urgentSynced;

    private boolean closed;

    private Marks(Path path, Journal journal, MarksLayout.Identity identity, Long2ObjectHashMap<Mark> marks) {
        this.path = path;
        this.journal = journal;
        this.identity = identity;
        this.marks = marks;
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
        return new Marks(path, journal, identity, new Long2ObjectHashMap<>());
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
        return new Marks(path, journal, identity, loader.marks());
    }

    public UUID directoryId() {
        synchronized (state) {
            return identity.directoryId();
        }
    }

    /** Empty until {@link #joinCluster}. */
    public String clusterId() {
        synchronized (state) {
            return identity.clusterId();
        }
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
            appendSynced(MarksLayout.encode(joined));
            synchronized (state) {
                identity = joined;
            }
        }
    }

    public boolean contains(long partitionId) {
        synchronized (state) {
            return marks.containsKey(partitionId);
        }
    }

    public int size() {
        synchronized (state) {
            return marks.size();
        }
    }

    /** Fills in what is known; false if the partition is not known. */
    public boolean load(long partitionId, Mark into) {
        synchronized (state) {
            Mark mark = marks.get(partitionId);
            if (mark == null) {
                return false;
            }
            into.set(mark);
            return true;
        }
    }

    /** All partitions known, in no order. */
    public long[] partitionIds() {
        synchronized (state) {
            long[] ids = new long[marks.size()];
            int i = 0;
            for (Mark mark : marks.values()) {
                ids[i++] = mark.partitionId;
            }
            return ids;
        }
    }

    /**
     * Makes a partition known, synced; it must precede the creation of its directory, so that a directory without a
     * mark is always damage. The mark is at zero and not clean. Quiet if it is known already.
     */
    public void register(long partitionId) throws IOException {
        synchronized (io) {
            if (contains(partitionId)) {
                return;
            }
            Mark mark = new Mark();
            mark.partitionId = partitionId;
            appendSynced(encode(mark).clone());
            synchronized (state) {
                marks.put(partitionId, mark);
            }
        }
    }

    /** Forgets a partition, synced; it must follow the removal of its directory. Quiet if it is not known. */
    public void remove(long partitionId) throws IOException {
        synchronized (io) {
            synchronized (state) {
                Mark mark = marks.remove(partitionId);
                if (mark == null) {
                    return;
                }
                pending.remove(mark);
            }
            appendSynced(MarksLayout.encodeRemoved(partitionId));
        }
    }

    /** Raises the promised epoch, synced; a lower one is ignored. */
    public void promise(long partitionId, int epoch) throws IOException {
        synchronized (io) {
            synchronized (state) {
                Mark mark = require(partitionId);
                if (mark.promisedEpoch >= epoch) {
                    return;
                }
                mark.promisedEpoch = epoch;
                changed(mark, true);
            }
            sync();
        }
    }

    /** Raises the commit mark; a lower one is ignored. */
    public void committed(long partitionId, long commitIndex) {
        synchronized (state) {
            Mark mark = marks.get(partitionId);
            if (mark != null && mark.commitIndex < commitIndex) {
                mark.commitIndex = commitIndex;
                changed(mark, false);
            }
        }
    }

    /**
     * Takes back {@code clean}, which must be on the disk before anything behind the mark is acknowledged; the group
     * commit sees to it. Returns whether {@link #sync} must come before such an acknowledgement.
     */
    public boolean dirty(long partitionId) {
        synchronized (state) {
            Mark mark = marks.get(partitionId);
            if (mark != null && mark.clean) {
                mark.clean = false;
                changed(mark, true);
            }
            return urgentSynced != urgentChanges;
        }
    }

    /** Moves the durable mark to a point that is synced; the group commit does this by itself. */
    public void durable(long partitionId, SyncPoint point) {
        synchronized (state) {
            Mark mark = marks.get(partitionId);
            if (mark != null && mark.durable.isBefore(point)) {
                mark.durable.set(point);
                changed(mark, false);
            }
        }
    }

    /** Sets the durable mark after recovery has decided where the log ends: the only call that may move it back. */
    public void reset(long partitionId, SyncPoint point) {
        synchronized (state) {
            Mark mark = require(partitionId);
            mark.durable.set(point);
            changed(mark, true);
        }
    }

    /** The log is closed in order, all of it synced, and ends here; durable with the next {@link #sync} or close. */
    public void clean(long partitionId, SyncPoint end) {
        synchronized (state) {
            Mark mark = require(partitionId);
            mark.durable.set(end);
            mark.clean = true;
            changed(mark, true);
        }
    }

    private Mark require(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark == null) {
            throw new IllegalArgumentException("partitionId: " + partitionId + " (expected: one that was registered)");
        }
        return mark;
    }

    private void changed(Mark mark, boolean urgent) {
        mark.urgent |= urgent;
        if (urgent) {
            urgentChanges++;
        }
        if (!mark.pending) {
            mark.pending = true;
            pending.add(mark);
        }
    }

    /** Hands changes to the file without a sync. What finds no room on a full disk stays for later. */
    void write() throws IOException {
        synchronized (io) {
            if (rewriteDue) {
                rewrite();
                return;
            }
            try {
                writePending();
            } catch (IOException e) {
                rewriteAfter(e);
            }
        }
    }

    /** Writes all changes and returns when the disk has them. */
    public void sync() throws IOException {
        synchronized (io) {
            long covered;
            synchronized (state) {
                covered = urgentChanges;
            }
            if (rewriteDue) {
                rewrite();
            } else {
                try {
                    writePending();
                    journal.sync();
                } catch (IOException e) {
                    rewriteAfter(e);
                }
            }
            synchronized (state) {
                urgentSynced = covered;
            }
            if (journal.size() > Math.max(COMPACT_BYTES, 4L * MarksLayout.MARK_RECORD_BYTES * size())) {
                compact();
            }
        }
    }

    private void appendSynced(byte[] record) throws IOException {
        sync();
        journal.append(record);
        try {
            journal.sync();
        } catch (IOException e) {
            rewriteDue = true;
            throw e;
        }
    }

    private byte[] encode(Mark mark) {
        MarksLayout.encode(mark, ByteBuffer.wrap(encoded));
        return encoded;
    }

    /** Encodes what is pending; when the disk is full, only what is urgent, into the reserve. */
    private void writePending() throws IOException {
        int count;
        synchronized (state) {
            count = pending.size();
        }
        if (count == 0) {
            return;
        }
        boolean roomy = reserved(count);
        synchronized (state) {
            int kept = 0;
            for (int i = 0; i < pending.size(); i++) {
                Mark mark = pending.get(i);
                if (roomy || mark.urgent) {
                    mark.pending = false;
                    mark.urgent = false;
                    journal.append(encode(mark));
                } else {
                    pending.set(kept++, mark);
                }
            }
            pending.subList(kept, pending.size()).clear();
        }
        journal.write();
    }

    private boolean reserved(int count) throws IOException {
        try {
            journal.reserve((long) count * MarksLayout.MARK_RECORD_BYTES + RESERVE_BYTES);
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

    private void compact() throws IOException {
        try {
            rewrite();
        } catch (DiskFullException e) {
            rewriteDue = false;
            LOG.warn("marks {}: not compacted: {}", path, e.getMessage());
        }
    }

    private void rewriteAfter(IOException cause) throws IOException {
        LOG.warn("marks {}: writing the file anew: {}", path, cause.getMessage());
        try {
            rewrite();
        } catch (IOException e) {
            e.addSuppressed(cause);
            throw e;
        }
    }

    /** A new file with everything that memory knows: to compact, and as the way on after a failed write or sync. */
    private void rewrite() throws IOException {
        List<Mark> copies;
        List<byte[]> head;
        synchronized (state) {
            head = List.of(MarksLayout.encode(identity));
            copies = new ArrayList<>(marks.size());
            for (Mark mark : marks.values()) {
                copies.add(new Mark().set(mark));
            }
        }
        rewriteDue = true;
        journal.rewrite(() -> new Snapshot(head.iterator(), copies.iterator()));
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

    /** The records of a rewritten file. The array of a mark is reused from one to the next. */
    private final class Snapshot implements Iterator<byte[]> {
        private final Iterator<byte[]> head;
        private final Iterator<Mark> rest;

        Snapshot(Iterator<byte[]> head, Iterator<Mark> rest) {
            this.head = head;
            this.rest = rest;
        }

        @Override
        public boolean hasNext() {
            return head.hasNext() || rest.hasNext();
        }

        @Override
        public byte[] next() {
            return head.hasNext() ? head.next() : encode(rest.next());
        }
    }
}
