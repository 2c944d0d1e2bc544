package io.headwater.client;

import io.headwater.protocol.wire.HeldLeases;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition that have reached a consumer and are not settled yet, in the order in which they came:
 * what it says that it holds when it comes back. Linked through the records themselves, so that none costs an object. On
 * the loop.
 */
final class HeldRecords {
    /** Who holds more says nothing: the broker takes no longer list. */
    private static final int MOST_TOLD = 100_000;

    private @Nullable LeasedRecord first;
    private @Nullable LeasedRecord last;
    private int size;

    int size() {
        return size;
    }

    /** One that has just come. */
    void add(LeasedRecord record) {
        record.held = true;
        record.heldBefore = last;
        if (last == null) {
            first = record;
        } else {
            last.heldAfter = record;
        }
        last = record;
        size++;
    }

    /** It is settled, or its lease is over. Again changes nothing. */
    void remove(LeasedRecord record) {
        if (!record.held) {
            return;
        }
        record.held = false;
        LeasedRecord before = record.heldBefore;
        LeasedRecord after = record.heldAfter;
        if (before == null) {
            first = after;
        } else {
            before.heldAfter = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.heldBefore = before;
        }
        record.heldBefore = null;
        record.heldAfter = null;
        size--;
    }

    /**
     * Leases that have run out, which nobody may ever settle, and what was dropped. The broker's ended before.
     *
     * @param ended told of each
     */
    void removeEnded(long nowNs, Consumer<LeasedRecord> ended) {
        LeasedRecord record = first;
        while (record != null) {
            LeasedRecord after = record.heldAfter;
            if (record.isStale() || record.leaseUntilNs() - nowNs <= 0) {
                remove(record);
                ended.accept(record);
            }
            record = after;
        }
    }

    /** Null: they are too many to be told. */
    @Nullable
    HeldLeases told() {
        if (size > MOST_TOLD) {
            return null;
        }
        HeldLeases.Builder leases = HeldLeases.newBuilder();
        long at = 0;
        for (LeasedRecord record = first; record != null; record = record.heldAfter) {
            leases.addOffsetSteps(record.offset() - at).addAttempts(record.deliveries());
            at = record.offset();
        }
        return leases.build();
    }
}
