package io.headwater.broker.partition;

import io.headwater.protocol.wire.Error;
import org.jspecify.annotations.Nullable;

/**
 * What became of a batch. One per partition, reused: read it before the next append.
 *
 * <p>Without an error, the batch is in the log at {@link #baseOffset()}, and durable as soon as the log is durable up
 * to {@link #durableAtIndex()}.
 */
public final class AppendOutcome {
    private @Nullable Error error;
    private long baseOffset;
    private long ingestionTimeMs;
    private boolean duplicate;
    private long durableAtIndex;

    AppendOutcome() {}

    AppendOutcome appended(long offset, long timeMs, long endIndex) {
        error = null;
        baseOffset = offset;
        ingestionTimeMs = timeMs;
        duplicate = false;
        durableAtIndex = endIndex;
        return this;
    }

    AppendOutcome duplicate(long offset, long timeMs, long endIndex) {
        appended(offset, timeMs, endIndex);
        duplicate = true;
        return this;
    }

    AppendOutcome failed(Error why) {
        error = why;
        return this;
    }

    /** Null: it is in the log. */
    public @Nullable Error error() {
        return error;
    }

    public long baseOffset() {
        return baseOffset;
    }

    public long ingestionTimeMs() {
        return ingestionTimeMs;
    }

    public boolean isDuplicate() {
        return duplicate;
    }

    /** Durable when all entries below this index are. */
    public long durableAtIndex() {
        return durableAtIndex;
    }
}
