package io.headwater.broker.shard;

import io.headwater.broker.partition.ReadBuffer;
import io.headwater.storage.StorageException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of an owner that have to read their logs before they can go on, as all that have queues may after a start.
 * They take turns: in one turn of the owner about a mebibyte is read for all of them together, or one larger entry, so that
 * requests come in between; and all read into the same memory.
 */
final class CatchUps {
    static final int TURN_BYTES = 1 << 20;
    /** What a partition's part of a turn counts at least: reading costs something however little there is. */
    private static final int LEAST_BYTES = 16 << 10;

    private final ReadBuffer buffer = new ReadBuffer(TURN_BYTES);
    private final ArrayDeque<Owned> waiting = new ArrayDeque<>();
    private int left;

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** It gets in line, if it is behind and not there yet. */
    void add(Owned owned) {
        if (!owned.catchingUp && owned.isBehind()) {
            owned.catchingUp = true;
            waiting.add(owned);
        }
    }

    void remove(Owned owned) {
        if (owned.catchingUp) {
            owned.catchingUp = false;
            waiting.remove(owned);
        }
    }

    void beginTurn() {
        left = TURN_BYTES;
    }

    /** Who is next in this turn; null: nobody. */
    @Nullable
    Owned next() {
        Owned next = left > 0 ? waiting.poll() : null;
        if (next != null) {
            next.catchingUp = false;
        }
        return next;
    }

    /** It reads some; then it is to be added again. */
    void step(Owned owned) throws StorageException {
        int most = left;
        left -= LEAST_BYTES;
        left = Math.min(left, most - owned.catchUp(buffer, most));
    }
}
