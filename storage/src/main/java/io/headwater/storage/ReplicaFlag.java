package io.headwater.storage;

/** Why a copy of a partition has no say in what is committed, or is none any more. */
public enum ReplicaFlag {
    /** It is on its way to hold everything that is committed. */
    LEARNER(2),
    /** It may lack something that it once said it has. */
    SUSPECT(4),
    /** Its files are being deleted: whatever is left of them goes at the next start. */
    DELETED(16),
    /** It acknowledges what is not on the disk yet; not since it was last closed in order. */
    UNSYNCED(32),
    /** The machine was down while it was {@link #UNSYNCED}: it may lack what it acknowledged last. */
    LOST_TAIL(64);

    private final int bit;

    ReplicaFlag(int bit) {
        this.bit = bit;
    }

    /** In the flags of a mark. */
    int bit() {
        return bit;
    }
}
