package io.headwater.storage;

import org.agrona.concurrent.NanoClock;

/**
 * The sync thread of one disk: gathers the logs that were written to, syncs all of them, and tells everyone who waits
 * at once, while the next group gathers. No timer decides how large a group is: the disk's own pace does.
 */
public final class GroupCommit implements AutoCloseable {
    public GroupCommit(SyncMode mode, Marks marks, DurabilityListener listener, NanoClock clock) {
        throw new UnsupportedOperationException("landing");
    }

    /** Takes a log into the group; once per log, when it is opened. The member is then submitted at each flush. */
    public Member enlist(Syncable log) {
        throw new UnsupportedOperationException("landing");
    }

    /** One group commit of everything submitted so far; returns how many logs it covered. One thread at a time. */
    public int doWork() {
        throw new UnsupportedOperationException("landing");
    }

    /** Runs {@link #doWork} on a thread of its own that parks while there is nothing to do. */
    public void start(String threadName) {
        throw new UnsupportedOperationException("landing");
    }

    /** Commits what was submitted, then stops the thread. Never interrupts it. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("landing");
    }

    /** A log's place in the group. */
    public static final class Member {
        private Member() {}

        /**
         * The log was written to: the next group commit covers all that was written before this call. Any thread,
         * lock-free, without allocation; a log that is already waiting is not queued twice.
         */
        public void submit() {
            throw new UnsupportedOperationException("landing");
        }

        /**
         * Takes the log out. When this returns the sync thread is done with it and does not touch it again, so that its
         * files may be closed and deleted. May wait for one running sync.
         */
        public void withdraw() {
            throw new UnsupportedOperationException("landing");
        }
    }
}
