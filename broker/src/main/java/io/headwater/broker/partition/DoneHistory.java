package io.headwater.broker.partition;

import java.util.ArrayDeque;

/**
 * How far all queue groups of a partition were done, and when: what they are done with goes some time after that. After a
 * restart it begins anew, so that nothing goes too early.
 */
final class DoneHistory {
    private record Mark(long timeMs, long floor, long endIndex) {}

    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private long floor = -1;

    /** @param endIndex of the log: what led to this floor is durable when all entries below are */
    void note(long nowMs, long newFloor, long endIndex) {
        if (newFloor < floor) {
            // Some of it was replayed: what was done then is not any more.
            marks.removeIf(mark -> mark.floor() > newFloor);
        }
        if (newFloor != floor) {
            floor = newFloor;
            marks.add(new Mark(nowMs, newFloor, endIndex));
        }
    }

    /** The offset before which all was done, durably, so long ago; 0: nothing was. */
    long doneBefore(long nowMs, long graceMs, long durableIndex) {
        long done = 0;
        for (Mark mark : marks) {
            if (mark.timeMs() > nowMs - graceMs || mark.endIndex() > durableIndex) {
                break;
            }
            done = mark.floor();
        }
        while (marks.size() > 1 && marks.peekFirst().floor() < done) {
            marks.removeFirst();
        }
        return done;
    }
}
