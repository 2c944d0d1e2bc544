package io.headwater.client;

import io.headwater.client.link.Loop;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Calls whose target cannot be asked at this moment, in the order of asking: what comes behind them waits too. */
final class Detour {
    private static final long FIRST_BACKOFF_NS = 10_000_000;
    private static final long MAX_BACKOFF_NS = 500_000_000;

    final long target;
    final ArrayDeque<Call> calls = new ArrayDeque<>();
    /** The next attempt; null: none is due. */
    Loop.@Nullable Timer timer;
    /** What the target said last; empty: nothing. */
    String reason = "";

    private int attempts;

    Detour(long target) {
        this.target = target;
    }

    /** How long to wait before the next attempt, which is later each time. */
    long nextDelayNs() {
        return delayNs(attempts++);
    }

    /** The first time somebody named who to ask there is no reason to wait. */
    boolean isFirst() {
        return attempts == 0;
    }

    /** Before the attempt that follows so many. */
    static long delayNs(int attempts) {
        return Math.min(MAX_BACKOFF_NS, FIRST_BACKOFF_NS << Math.min(attempts, 10));
    }
}
