package io.headwater.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sync thread of one disk: gathers the logs that were written to, syncs all of them, and tells everyone who waits
 * at once, while the next group gathers. No timer decides how large a group is: the disk's own pace does.
 *
 * <p>Owners submit through their {@link Member} without a lock and without allocation. Only the submission that finds
 * the queue empty wakes the thread, and only if it is parked. {@link #doWork} is one cycle, apart from the thread, so
 * that a test or a simulation can drive it.
 *
 * <p>What must not happen: an acknowledgement for bytes that were written after the sync began (each log's end is taken
 * before its sync), or any acknowledgement from a log whose sync has once failed (the system may report the next sync
 * as a success although the data is lost).
 *
 * <p>The durable marks of a cycle are written behind it, off the path of acknowledgements ({@link MarksCarrier}).
 */
public final class GroupCommit implements AutoCloseable {
    static final long AGAIN_AFTER_NS = 100_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

    private final SyncMode mode;
    private final Marks marks;
    private final DurabilityListener listener;
    private final NanoClock clock;
    private final SyncCrew crew;
    private final MarksCarrier carrier;
    private final DurationHistogram cycleTimes = new DurationHistogram();
    /** A stack of those submitted since the last cycle, linked through {@link Member#next}. */
    private final AtomicReference<@Nullable Member> submitted = new AtomicReference<>();

    /** Those whose sync found no file descriptor: nothing was lost, they are tried again. */
    private final List<Member> postponed = new ArrayList<>();

    private Member[] group = new Member[16];
    private long againAtNs;
    private volatile boolean parked;
    private volatile boolean closing;
    private volatile boolean marksMoved;
    private volatile @Nullable Throwable poison;
    private @Nullable Thread thread;

    /** Syncs one file at a time: what a simulation wants. */
    public GroupCommit(SyncMode mode, Marks marks, DurabilityListener listener, NanoClock clock) {
        this(mode, marks, listener, clock, 0);
    }

    /**
     * With {@code helpers} threads (0 to 8) that sync beside the sync thread when several files are dirty. They start
     * when they are first needed.
     */
    public GroupCommit(SyncMode mode, Marks marks, DurabilityListener listener, NanoClock clock, int helpers) {
        this.mode = mode;
        this.marks = marks;
        this.listener = listener;
        this.clock = clock;
        this.crew = new SyncCrew(helpers);
        this.carrier = new MarksCarrier(mode, marks, clock);
    }

    /** Takes a log into the group; once per log, when it is opened. The member is then submitted at each flush. */
    public Member enlist(Syncable log) {
        return new Member(this, log);
    }

    /** How long cycles took, from the first look at the queue to the last acknowledgement. */
    public DurationHistogram cycleTimes() {
        return cycleTimes;
    }

    /** One group commit of everything submitted so far; returns how many logs it covered. One thread at a time. */
    public int doWork() {
        if (!postponed.isEmpty() && (closing || clock.nanoTime() - againAtNs >= 0)) {
            postponed.forEach(Member::submit);
            postponed.clear();
        }
        Member last = submitted.getAndSet(null);
        if (last == null) {
            return 0;
        }
        long startNs = clock.nanoTime();
        int count = gather(last);
        try {
            syncAll(count);
        } catch (RuntimeException | Error e) {
            poison(e);
        }
        tellAll(count);
        long endNs = clock.nanoTime();
        cycleTimes.recordNs(endNs - startNs);
        carrier.carry(endNs);
        return count;
    }

    /** Commit marks have moved: the file of marks has them some time later, without a group commit too. Any thread. */
    void marksMoved() {
        if (!marksMoved) {
            marksMoved = true;
            if (parked) {
                LockSupport.unpark(thread);
            }
        }
    }

    private void syncAll(int count) {
        IOException marksFault = takeBackClean(count);
        if (marksFault != null) {
            for (int i = 0; i < count; i++) {
                group[i].fault = marksFault;
            }
        } else if (mode == SyncMode.EVERY_COMMIT) {
            crew.sync(group, count);
        }
    }

    /** Even if a listener breaks its contract, nobody is left waiting: those still to be told hear of a failure. */
    private void tellAll(int count) {
        for (int i = 0; i < count; i++) {
            try {
                group[i].tell(poison);
            } catch (RuntimeException | Error e) {
                poison(e);
            }
        }
        Arrays.fill(group, 0, count, null);
        try {
            listener.cycleEnded();
        } catch (RuntimeException | Error e) {
            poison(e);
        }
    }

    private void poison(Throwable cause) {
        // First: to say so may fail as well, for want of memory or of a descriptor to load a class with.
        poison = cause;
        LOG.error("group commit: a broken invariant, from here on every log goes offline", cause);
    }

    private void postpone(Member member) {
        if (postponed.isEmpty()) {
            againAtNs = clock.nanoTime() + AGAIN_AFTER_NS;
            LOG.warn("partition {}: not synced yet, no file descriptor left; tried again", member.log.partitionId());
        }
        postponed.add(member);
    }

    /** Unstacks into the order of submission, and takes each log's end before anything is synced. */
    private int gather(Member last) {
        int count = 0;
        for (Member member = last; member != null; ) {
            Member next = member.next;
            member.next = null;
            if (count == group.length) {
                group = Arrays.copyOf(group, 2 * count);
            }
            if (member.begin()) {
                group[count++] = member;
            }
            member = next;
        }
        for (int low = 0, high = count - 1; low < high; low++, high--) {
            Member swapped = group[low];
            group[low] = group[high];
            group[high] = swapped;
        }
        return count;
    }

    /** Whether no log is acknowledged whose mark on the disk still calls it clean; if not, why. */
    private @Nullable IOException takeBackClean(int count) {
        boolean urgent = false;
        for (int i = 0; i < count; i++) {
            urgent |= marks.dirty(group[i].log.partitionId());
        }
        return urgent ? carrier.syncNow() : null;
    }

    private void submit(Member member) {
        Member head;
        do {
            head = submitted.get();
            member.next = head;
        } while (!submitted.compareAndSet(head, member));
        if (head == null && parked) {
            LockSupport.unpark(thread);
        }
    }

    /** Runs {@link #doWork} on a thread of its own that parks while there is nothing to do. */
    public synchronized void start(String threadName) {
        if (thread != null) {
            throw new IllegalStateException("group commit: started already");
        }
        Thread started = new Thread(this::run, threadName);
        started.setDaemon(true);
        thread = started;
        started.start();
    }

    private void run() {
        while (true) {
            try {
                if (doWork() == 0 && !idle()) {
                    return;
                }
            } catch (RuntimeException | Error e) {
                poison(e);
            }
        }
    }

    /** Parks until there is work, or until the marks are due; false when it is time to stop. */
    private boolean idle() {
        parked = true;
        try {
            if (submitted.get() != null) {
                return true;
            }
            if (closing) {
                return !postponed.isEmpty();
            }
            long nowNs = clock.nanoTime();
            if (marksMoved) {
                marksMoved = false;
                carrier.moved(nowNs);
            }
            long waitNs = carrier.idle(nowNs);
            if (!postponed.isEmpty()) {
                waitNs = Math.min(waitNs, Math.max(0, againAtNs - nowNs));
            }
            if (waitNs == MarksCarrier.NOTHING_DUE) {
                LockSupport.park(this);
            } else if (waitNs > 0) {
                LockSupport.parkNanos(this, waitNs);
            }
            return true;
        } finally {
            parked = false;
        }
    }

    /** Commits what was submitted, then stops the thread. Never interrupts it: that would close the files it syncs. */
    @Override
    public void close() {
        Thread running;
        synchronized (this) {
            closing = true;
            running = thread;
        }
        if (running == null) {
            while (doWork() > 0) {
                // What a listener submits in reply is committed too.
            }
        } else {
            LockSupport.unpark(running);
            joinQuietly(running);
        }
        crew.close();
    }

    private static void joinQuietly(Thread running) {
        boolean interrupted = false;
        while (running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * A log's place in the group. Its monitor is held while the sync thread is in the log, so that {@link #withdraw} can
     * wait for that; nobody else contends for it.
     */
    public static final class Member {
        private final GroupCommit groupCommit;
        private final Syncable log;
        private final SyncPoint point = new SyncPoint();
        private final AtomicBoolean queued = new AtomicBoolean();
        private @Nullable Member next;
        private @Nullable Throwable fault;
        private boolean out;

        private Member(GroupCommit groupCommit, Syncable log) {
            this.groupCommit = groupCommit;
            this.log = log;
        }

        /**
         * The log was written to: the next group commit covers all that was written before this call. Any thread,
         * lock-free, without allocation; a log that is already waiting is not queued twice.
         */
        public void submit() {
            // An unconditional exchange on both sides: whoever finds the flag up has its writes seen by the thread that
            // takes it down, which reads the log's end only after that.
            if (!queued.getAndSet(true)) {
                groupCommit.submit(this);
            }
        }

        /** Takes the log's end; false if it has gone. */
        private synchronized boolean begin() {
            queued.getAndSet(false);
            fault = null;
            if (!out) {
                try {
                    log.written(point);
                } catch (RuntimeException e) {
                    fault = e;
                }
            }
            return !out;
        }

        synchronized void sync() {
            if (out || fault != null) {
                return;
            }
            try {
                log.sync();
            } catch (IOException | RuntimeException | Error e) {
                fault = e;
            }
        }

        private synchronized void tell(@Nullable Throwable poison) {
            if (out) {
                return;
            }
            if (fault instanceof IOException io && LogContext.noDescriptorsLeft(io) && !groupCommit.closing) {
                groupCommit.postpone(this);
                return;
            }
            Throwable cause = fault == null ? poison : fault;
            long partitionId = log.partitionId();
            if (cause == null) {
                groupCommit.marks.durable(partitionId, point);
                log.synced(point);
                groupCommit.listener.durable(partitionId, point.endIndex, point.endOffset);
            } else {
                // For good: a later sync of this log may succeed although its bytes are lost.
                out = true;
                log.failed(cause instanceof IOException io ? io : new IOException(cause));
                groupCommit.listener.failed(partitionId, cause);
            }
        }

        /**
         * Takes the log out. When this returns the sync thread is done with it and does not touch it again, so that its
         * files may be closed and deleted. May wait for one running sync.
         */
        public synchronized void withdraw() {
            out = true;
        }
    }
}
