package io.headwater.broker.replica;

/** The port to where promises are kept. */
@FunctionalInterface
public interface Promises {
    /**
     * Makes it durable that this replica takes nothing of an older epoch. Returns at once; {@link
     * Replica#onPromiseDurable} says when it is done. One that is lost on the way is the end of the replica.
     */
    void store(int epoch);
}
