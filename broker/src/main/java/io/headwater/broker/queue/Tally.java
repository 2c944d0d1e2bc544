package io.headwater.broker.queue;

/** What a group has decided since it was opened, in records. */
public final class Tally {
    private final long[] returned = new long[Cause.values().length + 1];
    private long granted;
    private long acked;
    private long moved;
    private long movedByHand;

    void granted(long count) {
        granted += count;
    }

    void acked(long count) {
        acked += count;
    }

    void moved(Shipment.Cargo cargo, long count) {
        if (cargo == Shipment.Cargo.DEAD_LETTERS) {
            moved += count;
        } else {
            movedByHand += count;
        }
    }

    void ended(Cause cause, long count) {
        returned[cause.id] += count;
    }

    public long granted() {
        return granted;
    }

    public long acked() {
        return acked;
    }

    /** To the dead-letter topic. */
    public long moved() {
        return moved;
    }

    /** By operators, to another topic. */
    public long movedByHand() {
        return movedByHand;
    }

    /** How many attempts ended for this reason, in death or not. */
    public long ended(Cause cause) {
        return returned[cause.id];
    }
}
