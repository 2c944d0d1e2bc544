package io.headwater.broker.replica;

import java.util.Comparator;
import java.util.PriorityQueue;

/** Virtual time: what happens when, in one order, and a hash over all that is worth telling two runs apart by. */
final class Timeline {
    private record Event(long atUs, long number, Runnable action) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atUs).thenComparingLong(Event::number));
    private long nowUs;
    private long scheduled;
    private long hash;

    long nowUs() {
        return nowUs;
    }

    long nowMs() {
        return nowUs / 1_000;
    }

    void in(long delayUs, Runnable action) {
        events.add(new Event(nowUs + Math.max(1, delayUs), scheduled++, action));
    }

    /** Runs the next event; false if there is none before that time. */
    boolean step(long untilUs) {
        Event next = events.peek();
        if (next == null || next.atUs() >= untilUs) {
            return false;
        }
        events.remove();
        nowUs = next.atUs();
        next.action().run();
        return true;
    }

    void trace(Object what) {
        hash = (hash ^ (what.hashCode() + nowUs)) * 0x100000001b3L;
    }

    long hash() {
        return hash;
    }
}
