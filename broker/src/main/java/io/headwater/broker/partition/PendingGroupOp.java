package io.headwater.broker.partition;

import io.headwater.protocol.wire.Error;
import org.jspecify.annotations.Nullable;

/**
 * An operation on a group's position, between its request and its durability. After {@link Partition#flush} it has
 * either an {@link #error} (definite: nothing happened) or an index to wait for; once the log is durable up to there,
 * its owner calls {@link #durable}.
 */
public final class PendingGroupOp {
    private final PositionTable positions;
    private final GroupOp op;
    private @Nullable Error error;
    private long position;
    private long durableAtIndex;

    PendingGroupOp(PositionTable positions, GroupOp op) {
        this.positions = positions;
        this.op = op;
    }

    GroupOp op() {
        return op;
    }

    void appended(long resultingPosition, long endIndex) {
        position = resultingPosition;
        durableAtIndex = endIndex;
    }

    PendingGroupOp refused(Error why) {
        error = why;
        return this;
    }

    /** Null: it was appended. */
    public @Nullable Error error() {
        return error;
    }

    /** Durable when all entries below this index are. */
    public long durableAtIndex() {
        return durableAtIndex;
    }

    /** The position may be shown from now on. */
    public void durable() {
        positions.durable(op.groupId(), position, op.timeMs());
    }
}
