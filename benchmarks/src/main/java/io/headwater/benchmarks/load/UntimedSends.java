package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Sends of which only a failure is of interest: looked at when their slot comes round again, cheaper than a callback each. */
final class UntimedSends {
    private static final int SLOTS = 1 << 16;

    private final Outcomes outcomes;
    private final @Nullable CompletableFuture<?>[] unchecked = new CompletableFuture<?>[SLOTS];
    private long count;

    UntimedSends(Outcomes outcomes) {
        this.outcomes = outcomes;
    }

    void add(CompletableFuture<?> sent) {
        int slot = (int) (count++ & (SLOTS - 1));
        check(unchecked[slot]);
        unchecked[slot] = sent;
    }

    /** A slot may come round before its record is acknowledged: then its outcome is asked for by callback. */
    private void check(@Nullable CompletableFuture<?> sent) {
        if (sent == null || (sent.isDone() && !sent.isCompletedExceptionally())) {
            return;
        }
        CompletableFuture<?> unused = sent.whenComplete((acknowledged, failure) -> {
            if (failure != null) {
                outcomes.failed(failure);
            }
        });
    }

    void checkAll() {
        for (int slot = 0; slot < SLOTS; slot++) {
            check(unchecked[slot]);
            unchecked[slot] = null;
        }
    }
}
