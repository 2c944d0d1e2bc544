package io.headwater.broker.queue;

/** How many records of a group are in which state. */
public record Counts(long ready, int waiting, int leased, int dead, int moving) {
    /** All that is not done. */
    public long outstanding() {
        return ready + waiting + leased + dead + moving;
    }
}
