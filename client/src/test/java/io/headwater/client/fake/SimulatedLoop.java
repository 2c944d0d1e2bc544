package io.headwater.client.fake;

import io.headwater.client.link.Loop;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** A loop whose time passes only when a test says so. */
public final class SimulatedLoop implements Loop {
    private final PriorityQueue<Task> tasks = new PriorityQueue<>();
    private long nowNs;
    private long lastId;

    private static final class Task implements Comparable<Task>, Timer {
        final long atNs;
        final long id;
        Runnable action;

        Task(long atNs, long id, Runnable action) {
            this.atNs = atNs;
            this.id = id;
            this.action = action;
        }

        @Override
        public int compareTo(Task other) {
            return atNs == other.atNs ? Long.compare(id, other.id) : Long.compare(atNs, other.atNs);
        }

        @Override
        public void cancel() {
            action = () -> {};
        }
    }

    @Override
    public void execute(Runnable task) {
        schedule(0, task);
    }

    @Override
    public boolean isCurrent() {
        return true;
    }

    @Override
    public long nowNs() {
        return nowNs;
    }

    @Override
    public Timer schedule(long delayNs, Runnable action) {
        Task task = new Task(nowNs + Math.max(0, delayNs), ++lastId, action);
        tasks.add(task);
        return task;
    }

    /** Runs what is due, and what becomes due, until that is true. */
    public void runUntil(BooleanSupplier done, long limitNs) {
        long endNs = nowNs + limitNs;
        while (!done.getAsBoolean()) {
            Task next = tasks.poll();
            if (next == null || next.atNs > endNs) {
                throw new AssertionError("nothing happens any more at " + nowNs + " ns");
            }
            nowNs = next.atNs;
            next.action.run();
        }
    }

    public void runFor(long durationNs) {
        boolean[] over = new boolean[1];
        schedule(durationNs, () -> over[0] = true);
        runUntil(() -> over[0], durationNs);
    }
}
