package io.headwater.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer has of each key of a keyed group in one partition, in order. The first of a key is handed out; what
 * comes behind it waits until that is acknowledged. If it is not, the broker takes back what it had granted with it, and
 * that is dropped here, what is still on its way too. Linked through the records. Guarded by the consumer's holdings.
 */
final class KeyLines {
    /** What to do with a record that has come. */
    enum Place {
        FIRST,
        BEHIND,
        /** It is the broker's again. */
        NONE
    }

    /** Of each key the first record, or one that ended otherwise than by an acknowledgement, until that is answered. */
    private final Map<Long, LeasedRecord> firsts = new HashMap<>();

    Place add(LeasedRecord record) {
        if (!record.hasKey()) {
            return Place.FIRST;
        }
        LeasedRecord first = firsts.get(record.keyIdentity());
        if (first != null && first.isFirstOfKey) {
            LeasedRecord last = first.lastOfKey == null ? first : first.lastOfKey;
            last.behind = record;
            first.lastOfKey = record;
            return Place.BEHIND;
        }
        if (first != null && record.follows) {
            return Place.NONE;
        }
        begin(record);
        return Place.FIRST;
    }

    private void begin(LeasedRecord record) {
        record.isFirstOfKey = true;
        firsts.put(record.keyIdentity(), record);
    }

    /**
     * A record is not this consumer's any more, or will not be when the broker hears it.
     *
     * @param acked it is done; else what was granted behind it is dropped
     * @return the first of its key now; null: there is none, or it was not the first
     */
    @Nullable
    LeasedRecord ended(LeasedRecord record, boolean acked, Consumer<LeasedRecord> dropped) {
        if (!record.isFirstOfKey) {
            return null;
        }
        record.isFirstOfKey = false;
        LeasedRecord next = acked ? record.behind : dropFollowers(record.behind, dropped);
        if (next != null) {
            next.lastOfKey = record.lastOfKey;
            record.successor = next.follows ? next : null;
            begin(next);
        } else if (acked) {
            firsts.remove(record.keyIdentity());
        }
        record.behind = null;
        record.lastOfKey = null;
        return next;
    }

    /**
     * The lease of a record was over, as the broker says: so is that of all that was granted behind it. Where the record
     * itself waits behind another one, that is dropped when its turn comes.
     *
     * @return what of it may be handed out or at work just now; null: nothing, or the record itself
     */
    @Nullable
    LeasedRecord takenBack(LeasedRecord record, Consumer<LeasedRecord> dropped) {
        LeasedRecord first = record;
        while (first.successor != null) {
            first = first.successor;
        }
        if (first.isFirstOfKey) {
            first.behind = dropFollowers(first.behind, dropped);
            first.lastOfKey = first.behind == null ? null : first.lastOfKey;
        }
        return first == record ? null : first;
    }

    /** Returns what is left of a line: it begins with a record that was granted anew. */
    private static @Nullable LeasedRecord dropFollowers(@Nullable LeasedRecord from, Consumer<LeasedRecord> dropped) {
        LeasedRecord record = from;
        while (record != null && record.follows) {
            LeasedRecord after = record.behind;
            record.behind = null;
            dropped.accept(record);
            record = after;
        }
        return record;
    }

    /** The broker knows that a record has ended: what it had granted behind it has come before. */
    void answered(LeasedRecord record) {
        if (!record.isFirstOfKey && record.hasKey()) {
            firsts.remove(record.keyIdentity(), record);
        }
    }

    /** All that wait behind others. */
    void forEachBehind(Consumer<LeasedRecord> action) {
        for (LeasedRecord first : firsts.values()) {
            for (LeasedRecord record = first.behind; record != null; record = record.behind) {
                action.accept(record);
            }
        }
    }

    /** The same, and they wait no more. */
    List<LeasedRecord> takeBehind() {
        List<LeasedRecord> taken = new ArrayList<>();
        forEachBehind(taken::add);
        taken.forEach(record -> record.behind = null);
        for (LeasedRecord first : firsts.values()) {
            first.behind = null;
            first.lastOfKey = null;
        }
        return taken;
    }
}
