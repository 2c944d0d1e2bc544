package io.headwater.record;

/** Bounds of the event times of some records, both inclusive. A mutable holder, so that a scan leaves no garbage. */
public final class EventTimes {
    public long minMs;
    public long maxMs;

    public EventTimes set(long minMs, long maxMs) {
        this.minMs = minMs;
        this.maxMs = maxMs;
        return this;
    }
}
