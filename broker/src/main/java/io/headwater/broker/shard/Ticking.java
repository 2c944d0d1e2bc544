package io.headwater.broker.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The replicas that wait for an answer, or have others told what is committed, and when it is their turn. Commits are told
 * soon, and only those that have one to tell pay for it; whoever waits has time. On the owner's thread.
 */
final class Ticking {
    private static final long COMMITS_MS = 5;
    private static final long ALL_MS = 50;

    private final List<LocalReplica> ticking = new ArrayList<>();
    private boolean oweCommits;
    private long allMs;
    private long commitsMs;

    /** Something has happened to it. */
    void look(LocalReplica local) {
        if (!local.ticking && local.replica().needsTicks()) {
            local.ticking = true;
            ticking.add(local);
        }
        oweCommits |= local.ticking && local.replica().owesCommit();
    }

    void forget(LocalReplica local) {
        if (local.ticking) {
            local.ticking = false;
            ticking.remove(local);
        }
    }

    /** Returns whether it was anybody's turn. */
    boolean tick(long nowMs, Consumer<LocalReplica> each) {
        if (nextInMs(nowMs) > 0) {
            return false;
        }
        boolean all = nowMs - allMs >= ALL_MS;
        allMs = all ? nowMs : allMs;
        commitsMs = nowMs;
        for (LocalReplica local : List.copyOf(ticking)) {
            if (local.ticking && (all || local.replica().owesCommit())) {
                each.accept(local);
            }
        }
        oweCommits = false;
        ticking.removeIf(local -> {
            local.ticking = local.ticking && local.replica().needsTicks();
            oweCommits |= local.ticking && local.replica().owesCommit();
            return !local.ticking;
        });
        return true;
    }

    /** In milliseconds; the largest long: not before something happens. */
    long nextInMs(long nowMs) {
        if (ticking.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long all = allMs + ALL_MS - nowMs;
        return Math.max(0, oweCommits ? Math.min(all, commitsMs + COMMITS_MS - nowMs) : all);
    }
}
