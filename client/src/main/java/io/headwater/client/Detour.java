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

    /**
     * Before the attempt that follows so many: about a quarter of all that was waited before, so that whoever waits for
     * another leader notices it soon after it is there, however long that took.
     */
    static long delayNs(int attempts) {
        long delayNs = FIRST_BACKOFF_NS;
        for (int i = 0; i < attempts && delayNs < MAX_BACKOFF_NS; i++) {
            delayNs += delayNs / 4;
        }
        return Math.min(MAX_BACKOFF_NS, delayNs);
    }
}
