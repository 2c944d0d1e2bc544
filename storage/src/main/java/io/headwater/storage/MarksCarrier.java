package io.headwater.storage;

import java.io.IOException;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings changed marks to their file on the sync thread: hands them to the file behind each group commit, and syncs it
 * at most every {@value #INTERVAL_MS} ms and before the thread idles; commit marks that move without one follow
 * {@value #COMMIT_INTERVAL_MS} ms later. One more sync in each cycle would nearly double
 * what a small cycle costs, to narrow the stretch in which a crash cannot tell a torn write from later damage.
 *
 * <p>Nothing is acknowledged on the strength of durable marks, so a failure to write them is tried again a second later
 * and stops nobody: a crash would only have more tail to read. The one exception is {@link #syncNow}.
 */
final class MarksCarrier {
    static final long INTERVAL_MS = 10;
    /** How old a commit mark may become on the disk while no group commit takes it along. */
    static final long COMMIT_INTERVAL_MS = 100;

    static final long NOTHING_DUE = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(MarksCarrier.class);
    private static final long INTERVAL_NS = INTERVAL_MS * 1_000_000;
    private static final long COMMIT_INTERVAL_NS = COMMIT_INTERVAL_MS * 1_000_000;
    private static final long RETRY_NS = 1_000_000_000;

    private final SyncMode mode;
    private final Marks marks;
    private final NanoClock clock;
    private boolean due;
    /** Commit marks have moved since the file was synced. */
    private boolean moved;

    private long movedAtNs;
    private boolean failed;
    private long nextSyncNs;

    MarksCarrier(SyncMode mode, Marks marks, NanoClock clock) {
        this.mode = mode;
        this.marks = marks;
        this.clock = clock;
        this.nextSyncNs = clock.nanoTime() + INTERVAL_NS;
    }

    /** For a change that an acknowledgement waits for; returns why it could not be made. */
    @Nullable
    IOException syncNow() {
        try {
            sync();
            return null;
        } catch (IOException e) {
            LOG.error("marks: cannot be written, what waits for them is not acknowledged: {}", e.getMessage());
            return e;
        }
    }

    /** After a group commit. */
    void carry(long nowNs) {
        due = true;
        write(nowNs);
    }

    /** Commit marks have moved, which nobody waits for. */
    void moved(long nowNs) {
        if (!moved) {
            moved = true;
            movedAtNs = nowNs;
        }
    }

    /** Before parking: how long at most, 0 if something was done instead. */
    long idle(long nowNs) {
        if (!due && !moved) {
            return NOTHING_DUE;
        }
        long waitNs = nextSyncNs - nowNs;
        if (!due) {
            waitNs = Math.max(waitNs, movedAtNs + COMMIT_INTERVAL_NS - nowNs);
        }
        if (waitNs > 0) {
            return waitNs;
        }
        write(nowNs);
        return 0;
    }

    private void write(long nowNs) {
        try {
            if (nowNs - nextSyncNs >= 0) {
                sync();
            } else if (!failed) {
                marks.write();
            }
        } catch (IOException e) {
            LOG.warn("marks: not written, they lag until they are: {}", e.getMessage());
            failed = true;
            nextSyncNs = nowNs + RETRY_NS;
        }
    }

    private void sync() throws IOException {
        if (mode == SyncMode.EVERY_COMMIT) {
            marks.sync();
        } else {
            marks.write();
        }
        due = false;
        moved = false;
        failed = false;
        nextSyncNs = clock.nanoTime() + INTERVAL_NS;
    }
}
