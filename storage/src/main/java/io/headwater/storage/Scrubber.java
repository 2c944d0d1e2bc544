package io.headwater.storage;

import io.headwater.record.EntryKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all that the logs of a data directory have below their durable marks, round after round, and computes every
 * checksum: what rots where nobody reads is found while other copies of it are whole. A round is spread over the whole
 * interval, and takes longer where that would be faster than the limit.
 *
 * <p>It works on a thread of its own and uses no log: it looks at files as they lie there, opens one for as long as a step
 * takes, and reads it through its channel. A file may be cut, replaced or given to others meanwhile, so what it finds is a
 * suspicion. The owner of the partition looks again ({@link PartitionLog#recheck}), and only that is a finding.
 *
 * <p>An {@link EntryAudit} is shown the committed entries on the way, each once in a round.
 */
public final class Scrubber implements AutoCloseable {
    /** Hears what was found, on the scrubber's thread. */
    public interface Suspicions {
        /**
         * Bytes seem to be damaged.
         *
         * @param position in the file of the segment that begins with this entry
         */
        void suspect(long partitionId, long baseIndex, long position);

        /** The bytes are what was written, and what they say contradicts itself. */
        void diverged(long partitionId, String what);
    }

    /**
     * @param intervalMs what a round should take
     * @param bytesPerSecond the most that is read
     */
    public record Settings(long intervalMs, long bytesPerSecond) {}

    static final int STEP_BYTES = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Scrubber.class);
    private static final long LOOK_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SAVE_NS = TimeUnit.SECONDS.toNanos(10);

    private final Path partitions;
    private final Disk disk;
    private final Marks marks;
    private final EpochClock epochClock;
    private final NanoClock nanoClock;
    private final Settings settings;
    private final EntryAudit audit;
    private final Suspicions suspicions;
    private final ScrubProgress at;
    private final EntryScanner scanner = new EntryScanner();
    private final Mark mark = new Mark();

    private final ArrayDeque<Long> partitionsLeft = new ArrayDeque<>();
    private ArrayDeque<Long> segmentsLeft = new ArrayDeque<>();
    /** Of this round, roughly: what is written meanwhile does not count. */
    private long bytesLeft;
    /**
     * What was looked at in an earlier step may have been in another file: a segment is begun anew, once, before it is
     * suspect by what a later step finds.
     */
    private boolean begunAnew;

    /** The last step, in a way that nobody has thought of. */
    private boolean failed;

    private long dueNs;
    private long savedNs;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong suspected = new AtomicLong();
    private final AtomicLong divergences = new AtomicLong();
    private volatile long roundEndedMs;
    private volatile boolean closing;
    private @Nullable Thread thread;

    Scrubber(
            Path dataDirectory,
            Disk disk,
            Marks marks,
            EpochClock epochClock,
            NanoClock nanoClock,
            Settings settings,
            EntryAudit audit,
            Suspicions suspicions) {
        this.partitions = dataDirectory.resolve(DataDirectory.PARTITIONS);
        this.disk = disk;
        this.marks = marks;
        this.epochClock = epochClock;
        this.nanoClock = nanoClock;
        this.settings = settings;
        this.audit = audit;
        this.suspicions = suspicions;
        this.at = new ScrubProgress(disk, dataDirectory);
        at.load();
        this.roundEndedMs = at.roundEndedMs;
        this.dueNs = nanoClock.nanoTime();
        this.savedNs = dueNs;
        if (at.isUnderWay()) {
            list();
        }
    }

    /** Bytes read since the start. Any thread. */
    public long bytes() {
        return bytes.get();
    }

    /** Places that seemed damaged, since the start. Any thread. */
    public long suspected() {
        return suspected.get();
    }

    /** What the audit has found, since the start. Any thread. */
    public long divergences() {
        return divergences.get();
    }

    /** When the last whole round ended, in ms since 1970; 0: none has. Any thread. */
    public long roundEndedMs() {
        return roundEndedMs;
    }

    void start(String threadName) {
        Thread started = new Thread(this::run, threadName);
        started.setDaemon(true);
        thread = started;
        started.start();
    }

    private void run() {
        while (!closing) {
            long waitNs = doWork();
            if (!closing && waitNs > 0) {
                LockSupport.parkNanos(this, Math.min(waitNs, LOOK_NS));
            }
        }
    }

    /** One step, if it is due. Returns in how many nanoseconds the next one is, or there is something to look at. */
    long doWork() {
        long nowNs = nanoClock.nanoTime();
        if (dueNs - nowNs > 0) {
            return dueNs - nowNs;
        }
        try {
            return work(nowNs);
        } catch (RuntimeException | OutOfMemoryError e) {
            LOG.error("scrub: a step failed; it goes on with the next segment", e);
            failed = true;
            dueNs = nowNs + LOOK_NS;
            return LOOK_NS;
        }
    }

    private long work(long nowNs) {
        if (failed) {
            next();
            failed = false;
        }
        if (!at.isUnderWay()) {
            long sinceMs = epochClock.time() - at.roundBeganMs;
            if (sinceMs >= 0 && sinceMs < settings.intervalMs()) {
                return TimeUnit.MILLISECONDS.toNanos(settings.intervalMs() - sinceMs);
            }
            begin();
            return 0;
        }
        long read = step();
        long pauseNs = pauseNs(read);
        bytesLeft -= read;
        dueNs = nanoClock.nanoTime() + pauseNs;
        if (nowNs - savedNs >= SAVE_NS) {
            savedNs = nowNs;
            at.save();
        }
        return pauseNs;
    }

    /** As slow as the interval allows, and never faster than the limit. */
    private long pauseNs(long read) {
        long leftMs = at.roundBeganMs + settings.intervalMs() - epochClock.time();
        leftMs = Math.max(0, Math.min(leftMs, settings.intervalMs()));
        double share = (double) read / Math.max(read, bytesLeft);
        double even = read == 0 ? 0 : leftMs * share;
        double fastest = 1000.0 * read / settings.bytesPerSecond();
        return (long) (Math.max(even, fastest) * 1e6);
    }

    private void begin() {
        at.roundBeganMs = epochClock.time();
        at.at(0, 0);
        list();
        next();
    }

    /** What is left of a round, from the present place on. */
    private void list() {
        long[] ids = marks.partitionIds();
        Arrays.sort(ids);
        partitionsLeft.clear();
        bytesLeft = 0;
        for (long id : ids) {
            if (id > at.partitionId) {
                partitionsLeft.add(id);
                bytesLeft += sizeOf(id, segmentsOf(id, 0));
            }
        }
        segmentsLeft = segmentsOf(at.partitionId, at.baseIndex);
        bytesLeft += sizeOf(at.partitionId, segmentsLeft);
        segmentsLeft.remove(at.baseIndex);
    }

    /** From one on, up to the one that the durable mark points into. */
    private ArrayDeque<Long> segmentsOf(long partitionId, long from) {
        ArrayDeque<Long> found = new ArrayDeque<>();
        if (marks.load(partitionId, mark) && mark.durable.position > 0) {
            try {
                for (String name : disk.list(directoryOf(partitionId))) {
                    long base = LogContext.baseIndexOf(name);
                    if (base >= from && base <= mark.durable.segmentBaseIndex) {
                        found.add(base);
                    }
                }
            } catch (IOException e) {
                // Deleted meanwhile, most likely. Whoever opens the log will say what is wrong with it.
                LOG.debug("scrub: partition {}: {}", partitionId, e.toString());
            }
        }
        return found;
    }

    private long sizeOf(long partitionId, Iterable<Long> bases) {
        long size = 0;
        for (long base : bases) {
            if (base == mark.durable.segmentBaseIndex) {
                size += mark.durable.position;
                continue;
            }
            try (DiskFile file = disk.open(pathOf(partitionId, base), Disk.Mode.READ)) {
                size += file.size();
            } catch (IOException e) {
                LOG.debug("scrub: partition {}: {}", partitionId, e.toString());
            }
        }
        return size;
    }

    private Path directoryOf(long partitionId) {
        return partitions.resolve(Long.toString(partitionId));
    }

    private Path pathOf(long partitionId, long baseIndex) {
        return LogContext.logPath(directoryOf(partitionId), baseIndex);
    }

    /** Goes on with the next segment, or ends the round. */
    private void next() {
        begunAnew = false;
        while (segmentsLeft.isEmpty() && !partitionsLeft.isEmpty()) {
            at.partitionId = partitionsLeft.remove();
            segmentsLeft = segmentsOf(at.partitionId, 0);
        }
        Long base = segmentsLeft.poll();
        if (base != null) {
            at.at(at.partitionId, base);
            return;
        }
        at.at(ScrubProgress.NONE, 0);
        at.roundEndedMs = epochClock.time();
        roundEndedMs = at.roundEndedMs;
        at.save();
        LOG.debug("scrub: a round has ended");
    }

    /** Reads on in the present segment; returns about how many bytes that were. */
    private long step() {
        long before = bytes.get();
        boolean marked = marks.load(at.partitionId, mark) && mark.durable.segmentBaseIndex == at.baseIndex;
        Path path = pathOf(at.partitionId, at.baseIndex);
        boolean resumed = at.position > 0;
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            if (read(file, marked ? mark.durable.position : file.size())) {
                next();
            }
            return bytes.get() - before;
        } catch (NoSuchFileException gone) {
            next();
            return 0;
        } catch (CorruptLogException e) {
            suspect(e, resumed);
        } catch (IOException e) {
            if (!LogContext.noDescriptorsLeft(e)) {
                suspect(new CorruptLogException(path, at.position, "bytes cannot be read", e), resumed);
            }
        }
        return STEP_BYTES;
    }

    /** True: that was all. */
    private boolean read(DiskFile file, long limit) throws IOException {
        if (at.position == 0) {
            ByteBuffer bytes = ByteBuffer.allocate(SegmentHeader.SIZE);
            file.readFully(bytes, 0);
            SegmentHeader header = SegmentHeader.decode(bytes.flip());
            if (header == null || header.baseIndex() != at.baseIndex || header.partitionId() != at.partitionId) {
                throw new CorruptLogException(pathOf(at.partitionId, at.baseIndex), 0, "no header of this segment");
            }
            at.position = SegmentHeader.SIZE;
            at.entryIndex = header.baseIndex();
            at.offset = header.baseOffset();
        }
        long until = Math.min(limit, at.position + STEP_BYTES);
        scanner.start(file::read, EntryScanner.Depth.PAYLOADS, at.position, limit, at.entryIndex, at.offset);
        boolean rolled = false;
        while (!rolled && scanner.nextPosition() < until) {
            if (!scanner.next()) {
                String problem = scanner.problem();
                throw new CorruptLogException(
                        pathOf(at.partitionId, at.baseIndex),
                        scanner.nextPosition(),
                        problem == null ? "an entry is missing" : problem);
            }
            audit();
            rolled = scanner.envelope().kind() == EntryKind.ROLL;
        }
        bytes.addAndGet(scanner.nextPosition() - at.position);
        at.position = scanner.nextPosition();
        at.entryIndex = scanner.nextIndex();
        at.offset = scanner.nextOffset();
        return rolled || at.position >= limit;
    }

    /** What may still be cut and written otherwise says nothing: the next entry that comes then follows none. */
    private void audit() throws IOException {
        // A copy that was never told counts as the only one.
        long committed = mark.commitIndex == 0 ? mark.durable.endIndex : mark.commitIndex;
        if (mark.partitionId != at.partitionId || scanner.nextIndex() > committed) {
            return;
        }
        String complaint = audit.next(at.partitionId, scanner.envelope(), scanner::payload);
        if (complaint != null) {
            divergences.incrementAndGet();
            suspicions.diverged(at.partitionId, complaint);
        }
    }

    private void suspect(CorruptLogException why, boolean resumed) {
        if (resumed && !begunAnew) {
            begunAnew = true;
            at.at(at.partitionId, at.baseIndex);
            return;
        }
        suspected.incrementAndGet();
        LOG.warn("scrub: {}; the partition's owner looks again", why.getMessage());
        suspicions.suspect(at.partitionId, at.baseIndex, why.position());
        next();
    }

    /** Ends the thread, between two steps, and keeps how far it has come. */
    @Override
    public void close() {
        closing = true;
        Thread running = thread;
        boolean interrupted = false;
        while (running != null && running.isAlive()) {
            LockSupport.unpark(running);
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        at.save();
    }
}
