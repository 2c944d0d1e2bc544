package io.headwater.broker.control;

import io.headwater.broker.partition.Partitions.PositionsSnapshot;
import io.headwater.storage.Mark;
import io.headwater.storage.Marks;
import io.headwater.storage.View;
import io.headwater.storage.ViewBatch;
import io.headwater.storage.ViewStore;
import io.headwater.storage.ViewsLostException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups' positions as RocksDB has them: derived, and good for one thing, to answer without opening a log. It may be
 * believed for a partition only where its stamp is exactly where the log was closed in order ({@link #closed}); for
 * every other partition its keys are hints which partitions a group has read. On the control thread.
 */
final class PositionsView {
    private static final Logger LOG = LoggerFactory.getLogger(PositionsView.class);

    /** The durable marks, as far as the control agent needs them. */
    interface Marked {
        /** Fills in what is known; false where nothing is. */
        boolean load(long partitionId, Mark into);

        long[] partitionIds();

        /** {@link Marks#expect}. */
        void expect(long[] partitionIds) throws IOException;
    }

    /** The real ones. */
    static Marked marked(Marks marks) {
        return new Marked() {
            @Override
            public boolean load(long partitionId, Mark into) {
                return marks.load(partitionId, into);
            }

            @Override
            public long[] partitionIds() {
                return marks.partitionIds();
            }

            @Override
            public void expect(long[] partitionIds) throws IOException {
                marks.expect(partitionIds);
            }
        };
    }

    /** A log that was closed in order, and that the view reflects whole; one that was never written to ends at 0. */
    record ClosedLog(long endOffset) {
        static final ClosedLog NEVER_WRITTEN = new ClosedLog(0);
    }

    /** A position and when it was committed. */
    record Committed(long offset, long committedMs) {
        static final Committed NONE = new Committed(-1, 0);
    }

    private record Key(int groupId, long partitionId) {
        byte[] bytes() {
            return ByteBuffer.allocate(12).putInt(groupId).putLong(partitionId).array();
        }
    }

    private final ViewStore store;
    private final Marked marks;
    private final Mark mark = new Mark();
    private final Map<Key, Committed> unwritten = new LinkedHashMap<>();
    private boolean failing;
    private boolean lost;

    PositionsView(ViewStore store, Marked marks) {
        this.store = store;
        this.marks = marks;
    }

    /** False: the partition was never written to and has no log. */
    boolean hasLog(long partitionId) {
        return marks.load(partitionId, mark) && !mark.unused();
    }

    /** Non-null: the log is closed and unchanged since, and the view says all that it says. */
    @Nullable
    ClosedLog closed(long partitionId) {
        if (!hasLog(partitionId)) {
            return ClosedLog.NEVER_WRITTEN;
        }
        if (!mark.clean) {
            return null;
        }
        try {
            long reflected = store.stamp(View.GROUP_POSITIONS, partitionId);
            return reflected == mark.durable.endIndex ? new ClosedLog(mark.durable.endOffset) : null;
        } catch (IOException e) {
            failed(e);
            return null;
        }
    }

    /** Only meaningful where the partition is {@link #closed}. */
    Committed position(int groupId, long partitionId) {
        try {
            byte[] value = store.get(View.GROUP_POSITIONS, new Key(groupId, partitionId).bytes());
            return value.length == 0 ? Committed.NONE : decode(value);
        } catch (IOException e) {
            failed(e);
            return Committed.NONE;
        }
    }

    /** Partitions in which the group has, or had lately, a position. */
    Map<Long, Committed> hints(int groupId) {
        Map<Long, Committed> found = new HashMap<>();
        try {
            byte[] prefix = ByteBuffer.allocate(4).putInt(groupId).array();
            store.scan(View.GROUP_POSITIONS, prefix, (key, value) -> {
                found.put(ByteBuffer.wrap(key).getLong(4), decode(value));
                return true;
            });
        } catch (IOException e) {
            failed(e);
        }
        unwritten.forEach((key, committed) -> {
            if (key.groupId() == groupId) {
                found.put(key.partitionId(), committed);
            }
        });
        return found;
    }

    /** True once after the store was found damaged and emptied: it must be rebuilt. */
    boolean takeLost() {
        boolean before = lost;
        lost = false;
        return before;
    }

    private static Committed decode(byte[] value) {
        ByteBuffer fields = ByteBuffer.wrap(value);
        return new Committed(fields.getLong(), fields.getLong());
    }

    /** Remembered until the next {@link #flush}. */
    void committed(int groupId, long partitionId, long offset, long committedMs) {
        unwritten.put(new Key(groupId, partitionId), new Committed(offset, committedMs));
    }

    boolean isDirty() {
        return !unwritten.isEmpty();
    }

    /** Writes what was committed since the last time, in one batch. Stamps stay: the logs have gone on. */
    void flush() {
        if (unwritten.isEmpty()) {
            return;
        }
        ViewBatch batch = new ViewBatch();
        unwritten.forEach((key, committed) -> batch.put(View.GROUP_POSITIONS, key.bytes(), encode(committed)));
        if (apply(batch)) {
            unwritten.clear();
        }
    }

    /** The view says from now on exactly what the partition says. */
    void replace(long partitionId, PositionsSnapshot truth, Collection<Integer> groupIds) {
        Map<Integer, Committed> positions = new HashMap<>();
        truth.positions().forEach(one -> positions.put(one.groupId(), new Committed(one.offset(), one.committedMs())));
        ViewBatch batch = new ViewBatch();
        for (int groupId : groupIds) {
            Key key = new Key(groupId, partitionId);
            Committed committed = positions.get(groupId);
            unwritten.remove(key);
            if (committed == null) {
                batch.remove(View.GROUP_POSITIONS, key.bytes());
            } else {
                batch.put(View.GROUP_POSITIONS, key.bytes(), encode(committed));
            }
        }
        batch.stamp(View.GROUP_POSITIONS, partitionId, truth.endIndex());
        apply(batch);
    }

    /** Nothing of the group is left. */
    void forget(int groupId, Collection<Long> partitionIds) {
        ViewBatch batch = new ViewBatch();
        for (long partitionId : partitionIds) {
            Key key = new Key(groupId, partitionId);
            unwritten.remove(key);
            batch.remove(View.GROUP_POSITIONS, key.bytes());
        }
        apply(batch);
    }

    private static byte[] encode(Committed committed) {
        return ByteBuffer.allocate(16)
                .putLong(committed.offset())
                .putLong(committed.committedMs())
                .array();
    }

    private boolean apply(ViewBatch batch) {
        if (batch.isEmpty()) {
            return true;
        }
        try {
            store.apply(batch);
            failing = false;
            return true;
        } catch (IOException e) {
            failed(e);
            return false;
        }
    }

    private void failed(IOException e) {
        lost |= e instanceof ViewsLostException;
        if (!failing) {
            failing = true;
            LOG.warn("view of group positions: cannot be used, logs are asked instead", e);
        }
    }
}
