package io.headwater.storage;

/** Whether an acknowledgement waits for the disk. */
public enum SyncMode {
    /** Each group commit syncs what it covers before anyone hears of it. The only mode for data one wants to keep. */
    EVERY_COMMIT,
    /**
     * Nothing is ever synced: a power cut loses acknowledged records. Exists for the controls of tests (they must then
     * see the loss) and for benchmarks that ask what a sync costs.
     */
    OFF
}
