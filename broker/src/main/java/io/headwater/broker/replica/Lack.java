package io.headwater.broker.replica;

/** What a copy may lack of that which it has once acknowledged. */
public enum Lack {
    NOTHING,
    /**
     * Its end: its machine was down before all that it had acknowledged as written was synced. What it has acknowledged as
     * on disk it has.
     */
    TAIL,
    /** Anything: its disk did not keep what it had. */
    ANYTHING
}
