package io.headwater.broker.queue;

/** Hears of records that a group is done with; some of them may have been done before. */
@FunctionalInterface
public interface DoneListener {
    void done(long from, long until);
}
