package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;

/** What records of a snapshot have in common, in the order in which it first comes. */
final class SnapshotShared {
    /** No reason is known. */
    static final int NONE = -1;

    private final LongArrayList sessions = new LongArrayList();
    private final Long2LongHashMap placeOfSession = new Long2LongHashMap(0);
    private final Map<String, Integer> reasons = new LinkedHashMap<>();

    void add(QueueState state, int slot) {
        long session = state.slots.session(slot);
        if (state.slots.state(slot) == RecordState.LEASED
                && session != SessionTable.DETACHED
                && !placeOfSession.containsKey(session)) {
            sessions.addLong(session);
            placeOfSession.put(session, sessions.size());
        }
        String reason = state.reasons.of(slot);
        if (!reason.isEmpty()) {
            reasons.putIfAbsent(reason, reasons.size());
        }
    }

    int bytes() {
        return Math.addExact(
                Math.multiplyExact(sessions.size(), Long.BYTES),
                Math.multiplyExact(reasons.size(), Reasons.MAX_ENCODED_BYTES));
    }

    void encode(ByteBuffer out) {
        Varints.put(out, sessions.size());
        for (int i = 0; i < sessions.size(); i++) {
            out.putLong(sessions.getLong(i));
        }
        Varints.put(out, reasons.size());
        reasons.keySet().forEach(text -> Reasons.put(out, text));
    }

    /** From 1; 0: a detached lease. */
    long placeOfSession(long session) {
        return placeOfSession.get(session);
    }

    /** From 0; {@link #NONE}: it is empty. */
    int placeOfReason(String reason) {
        return reason.isEmpty() ? NONE : reasons.getOrDefault(reason, NONE);
    }
}
