package io.headwater.broker.partition;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.QueueAudit;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.record.Envelope;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What entries of a log lead to, without a partition. Of groups, those that its checkpoint has; where all entries since the
 * first one were seen, all that they speak of, whether there are such groups any more or not.
 */
final class DerivedState implements Replay.Groups {
    private static final HeapBudget NO_BUDGET = new HeapBudget(Long.MAX_VALUE);

    private final ProducerTable producers = new ProducerTable();
    private final PositionTable positions = new PositionTable();
    private final Map<Integer, QueueEngine> groups = new TreeMap<>();
    /** Groups that the checkpoint has: of others nobody knows with which record they began. */
    private final Set<Integer> restored = new HashSet<>();

    private final boolean fromFirstEntry;

    private final Replay replay = new Replay(producers, positions, this);

    private DerivedState(boolean fromFirstEntry) {
        this.fromFirstEntry = fromFirstEntry;
    }

    /** Before the first entry of a log. */
    static DerivedState first() {
        return new DerivedState(true);
    }

    /**
     * As a checkpoint says it. Borrows the payload.
     *
     * @param before null: not all entries before it were seen
     */
    static DerivedState of(ByteBuffer checkpoint, @Nullable DerivedState before) {
        DerivedState state = new DerivedState(before != null && before.fromFirstEntry);
        CheckpointCodec.decode(checkpoint, state.producers, state.positions, state);
        return state;
    }

    /** What {@link #of} would take, roughly. Borrows the payload. */
    static long bytesOf(ByteBuffer checkpoint) {
        long[] bytes = {checkpoint.remaining()};
        CheckpointCodec.decode(checkpoint.duplicate(), new ProducerTable(), new PositionTable(), new Replay.Groups() {
            @Override
            public void restore(int groupId, ByteBuffer snapshot) {
                bytes[0] += QueueAudit.bytesOf(snapshot);
            }

            @Override
            public void replayed(ByteBuffer operations) {}

            @Override
            public void retract(long endOffset) {}
        });
        return bytes[0];
    }

    void entry(Envelope envelope, ByteBuffer payload) {
        replay.entry(envelope, payload);
    }

    /** What groups take, roughly: the rest is small. */
    long bytes() {
        return groups.values().stream().mapToLong(QueueAudit::bytes).sum();
    }

    /** Whether it would be written as exactly these bytes. */
    boolean isWrittenAs(ByteBuffer checkpoint) {
        return CheckpointCodec.encode(producers, positions, groups.values()).equals(checkpoint);
    }

    @Override
    public void restore(int groupId, ByteBuffer snapshot) {
        QueueEngine group = fresh(groupId);
        group.restore(snapshot);
        groups.put(groupId, group);
        restored.add(groupId);
    }

    @Override
    public void replayed(ByteBuffer operations) {
        QueueOps.replay(operations, this::group);
    }

    @Override
    public void retract(long endOffset) {
        groups.values().forEach(group -> group.retract(endOffset));
    }

    private @Nullable QueueEngine group(int id) {
        return fromFirstEntry ? groups.computeIfAbsent(id, DerivedState::fresh) : groups.get(id);
    }

    private static QueueEngine fresh(int id) {
        return new QueueEngine(id, QueuePolicy.PLAIN, 0, NO_BUDGET, bound -> 0);
    }

    /**
     * Where this is not what a leader wrote, but for groups.
     *
     * @param allBatches false: some that were here once are holes now, and nobody knows whose they were
     */
    List<String> differences(DerivedState written, boolean allBatches) {
        List<String> found = new ArrayList<>();
        if (allBatches) {
            producers(written.producers, found);
        }
        positions(written.positions, found);
        return found;
    }

    private void producers(ProducerTable written, List<String> found) {
        if (producers.forgottenUpTo() != written.forgottenUpTo()) {
            found.add("producers are forgotten up to " + producers.forgottenUpTo() + ", written: "
                    + written.forgottenUpTo());
        }
        Set<Long> ids = new TreeSet<>();
        producers.all().forEach(window -> ids.add(window.producerId));
        written.all().forEach(window -> ids.add(window.producerId));
        for (long id : ids) {
            differ("producer " + id, words(producers.window(id)), words(written.window(id)), found);
        }
        Map<Long, String> byLog = new TreeMap<>();
        Map<Long, String> asWritten = new TreeMap<>();
        producers.internal().forEach(last -> byLog.put(last.producerId(), last.toString()));
        written.internal().forEach(last -> asWritten.put(last.producerId(), last.toString()));
        inEither(byLog, asWritten, "mover ", found);
    }

    private static @Nullable String words(@Nullable ProducerWindow window) {
        if (window == null) {
            return null;
        }
        StringBuilder all =
                new StringBuilder("epoch " + window.epoch() + ", next " + window.nextSequence() + ", batches");
        for (int place = 0; place < window.size(); place++) {
            all.append(' ').append(window.sequence(place)).append('+').append(window.count(place));
            all.append('@').append(window.offset(place)).append('/').append(window.timeMs(place));
        }
        return all.toString();
    }

    private void positions(PositionTable written, List<String> found) {
        Map<Integer, String> byLog = new TreeMap<>();
        Map<Integer, String> asWritten = new TreeMap<>();
        positions.kept().forEach(place -> byLog.put(place.groupId, place.offset + ", set at " + place.committedMs));
        written.kept().forEach(place -> asWritten.put(place.groupId, place.offset + ", set at " + place.committedMs));
        inEither(byLog, asWritten, "position of group ", found);
    }

    private static <K> void inEither(Map<K, String> byLog, Map<K, String> asWritten, String what, List<String> found) {
        Set<K> ids = new TreeSet<>(byLog.keySet());
        ids.addAll(asWritten.keySet());
        ids.forEach(id -> differ(what + id, byLog.get(id), asWritten.get(id), found));
    }

    private static void differ(String what, @Nullable String byLog, @Nullable String asWritten, List<String> found) {
        if (!Objects.equals(byLog, asWritten)) {
            found.add(what + ": " + (byLog == null ? "nothing" : byLog) + ", written: "
                    + (asWritten == null ? "nothing" : asWritten));
        }
    }

    /**
     * The same of queue groups. One that was not written has been deleted: the log does not say so. One that came since is
     * taken as it is written.
     */
    List<String> groupDifferences(DerivedState written) {
        List<String> found = new ArrayList<>();
        written.groups.forEach((id, group) -> {
            QueueEngine mine = group(id);
            if (mine != null) {
                found.addAll(QueueAudit.differences(mine, group, restored.contains(id)));
            }
        });
        return found;
    }
}
