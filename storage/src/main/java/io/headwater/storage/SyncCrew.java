package io.headwater.storage;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Syncs the files of one group commit, a few at a time. A disk serves several flushes at once better than one after the
 * other (measured here: 100 files of 16 KiB in 6 ms with four threads, 15 ms with one, for the same CPU time); for two
 * or three files waking a helper costs what it saves.
 */
final class SyncCrew implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SyncCrew.class);
    private static final int MAX_HELPERS = 8;
    private static final int FILES_PER_WORKER = 2;

    private final Helper[] helpers;
    private final Consumer<Thread> starter;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger working = new AtomicInteger();
    private GroupCommit.Member[] group = new GroupCommit.Member[0];
    private int count;
    private volatile @Nullable Thread leader;
    private int started;
    private boolean refused;

    SyncCrew(int helpers) {
        this(helpers, Thread::start);
    }

    SyncCrew(int helpers, Consumer<Thread> starter) {
        if (helpers < 0 || helpers > MAX_HELPERS) {
            throw new IllegalArgumentException("helpers: " + helpers + " (expected: 0 to " + MAX_HELPERS + ")");
        }
        this.starter = starter;
        this.helpers = new Helper[helpers];
        for (int i = 0; i < helpers; i++) {
            this.helpers[i] = new Helper(i + 1);
        }
    }

    /** Syncs the first members of the group and returns when all are done. */
    void sync(GroupCommit.Member[] members, int memberCount) {
        int called = startHelpers(Math.min(helpers.length, memberCount / FILES_PER_WORKER - 1));
        if (called <= 0) {
            for (int i = 0; i < memberCount; i++) {
                members[i].sync();
            }
            return;
        }
        group = members;
        count = memberCount;
        leader = Thread.currentThread();
        working.set(called);
        next.set(0);
        for (int i = 0; i < called; i++) {
            helpers[i].call();
        }
        share();
        while (working.get() > 0) {
            LockSupport.park(this);
        }
    }

    private void share() {
        for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            group[i].sync();
        }
    }

    /** Returns how many there are, at most as many as wanted: it goes without those that the system refuses. */
    private int startHelpers(int wanted) {
        while (started < wanted && !refused) {
            try {
                starter.accept(helpers[started]);
                started++;
            } catch (OutOfMemoryError e) {
                refused = true;
                LOG.warn("group commit: goes on with {} instead of {} helpers: {}", started, wanted, e.getMessage());
            }
        }
        return Math.min(started, wanted);
    }

    @Override
    public void close() {
        for (int i = 0; i < started; i++) {
            helpers[i].dismiss();
        }
    }

    /** Called once per group, and counted out before the group ends: it never meets the next one late. */
    private final class Helper extends Thread {
        private volatile boolean called;
        private volatile boolean dismissed;

        Helper(int number) {
            super("headwater-sync-" + number);
            setDaemon(true);
        }

        void call() {
            called = true;
            LockSupport.unpark(this);
        }

        void dismiss() {
            dismissed = true;
            LockSupport.unpark(this);
        }

        @Override
        public void run() {
            while (!dismissed) {
                if (!called) {
                    LockSupport.park(SyncCrew.this);
                    continue;
                }
                called = false;
                share();
                if (working.decrementAndGet() == 0) {
                    LockSupport.unpark(leader);
                }
            }
        }
    }
}
