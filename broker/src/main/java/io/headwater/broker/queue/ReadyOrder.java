package io.headwater.broker.queue;

/**
 * Which record is delivered next. Told about every record of which something changes; covers records below {@link
 * #end} only. Built when a group is opened: a replay has none.
 */
interface ReadyOrder {
    /** The largest long: there is none. */
    long NONE = Long.MAX_VALUE;

    /** One past the last record that may be delivered. */
    long end();

    /** A slot has its state now, or is new to the order. */
    void add(int slot);

    /** A slot is about to change. */
    void remove(int slot);

    /** A waiting slot has become ready. */
    void woke(int slot);

    /** Until it is told otherwise, what it is told of comes by rising offsets. */
    void rising(boolean on);

    /** Records without a slot are about to be done. */
    void removeRun(long from, long to);

    /** Records are done; they are no longer known. */
    void done(long from, long to);

    /** The next record that any consumer may get, or {@link #NONE}. */
    long next();

    /** The next one that may be delivered only alone, or {@link #NONE}. */
    long nextSuspect();

    /** The record that who has this one may have behind it, or {@link #NONE}: the next of its key, if it is ready. */
    long follower(long leased);

    /** The first record behind this one that whoever has or had this one holds with it, or {@link #NONE}. */
    long heldBehind(long offset);

    /** How many consumers could get a record now, if none were a suspect; suspects are not counted. */
    long eligible();

    /** Slots have other numbers now. */
    void renumbered(int[] numbers);

    /** Whether {@link #shrink} gives back much of what this takes. */
    boolean isSparse();

    /** Gives back what was needed for more than there is. */
    void shrink();

    /** Heap in use, roughly. */
    long bytes();
}
