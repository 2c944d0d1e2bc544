package io.headwater.broker.observe;

import java.util.ArrayList;
import java.util.List;

/**
 * What is wrong, for a person. A problem means that something needs looking after.
 *
 * @param alive false: a thread of the broker has stopped or is stuck; only a restart helps
 * @param ready false: no new work should be sent here
 * @param problems empty: all is well
 */
public record Health(boolean alive, boolean ready, List<String> problems) {
    public Health {
        problems = List.copyOf(problems);
    }

    /** How far the broker is in its life. */
    public enum Phase {
        STARTING,
        RUNNING,
        STOPPING
    }

    /**
     * @param minFreeBytes with less than this on the disk the broker is not ready
     */
    public static Health of(Phase phase, Vitals vitals, boolean metadataWritable, long minFreeBytes) {
        List<String> problems = new ArrayList<>();
        boolean ready = phase == Phase.RUNNING;
        if (!ready) {
            problems.add(phase == Phase.STARTING ? "the broker is starting" : "the broker is shutting down");
        }
        long usable = vitals.usableBytes();
        if (usable >= 0 && usable < minFreeBytes) {
            ready = false;
            problems.add("disk: " + usable + " bytes free, below storage.min-free-bytes = " + minFreeBytes);
        }
        if (!metadataWritable) {
            ready = false;
            problems.add("metadata: the log cannot be written; topics and groups cannot be changed");
        }
        int offline = vitals.offlinePartitions();
        if (offline > 0) {
            problems.add("partitions: " + offline + " offline; `headwater topic describe` says which and why");
        }
        return new Health(true, ready, problems);
    }

    /** A thread has stopped or is stuck. */
    public Health dead(String problem) {
        List<String> all = new ArrayList<>(problems);
        all.add(problem);
        return new Health(false, false, all);
    }

    /** {@code ok}, or the problems in one line. */
    public String summary() {
        return problems.isEmpty() ? "ok" : String.join("; ", problems);
    }
}
