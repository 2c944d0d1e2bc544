package io.headwater.storage;

import java.io.IOException;

/**
 * A log as the sync thread sees it. All methods are called on the sync thread, one at a time, in this order in each
 * cycle: {@link #written}, {@link #sync}, then {@link #synced} or {@link #failed}. After {@code failed} none is called
 * again.
 */
public interface Syncable {
    long partitionId();

    /**
     * Reports how far everything written reaches, before the sync that is to cover it. The owner may be writing at this
     * moment: the values must belong together and must not run ahead of the bytes handed to the file.
     */
    void written(SyncPoint into);

    /**
     * Syncs every file that holds bytes up to the last {@link #written} and is not known to be synced. Where the process
     * has no file descriptor left for it, it is called again a little later, after another {@link #written}.
     */
    void sync() throws IOException;

    /** All up to {@code point} is on the disk. The point is borrowed. */
    void synced(SyncPoint point);

    /** The sync failed: this log must go offline, and nothing beyond the last {@link #synced} may be acknowledged. */
    void failed(IOException cause);
}
