package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.record.BatchLayout;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.LogSlice;
import io.headwater.storage.OffsetOutOfRangeException;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Predicate;
import org.agrona.collections.LongArrayList;

/**
 * Learns where records are that are due soon, of entries of which few are: when they are due, no entry has to be read as a
 * whole any more for the first time. That would make those wait that are due at about the same time, in as many entries.
 * Some at a time, between an owner's other work.
 */
final class ReadAhead {
    /** More than there is between the turns of a desk where something waits. */
    static final long AHEAD_MS = 2_000;
    /** What is due soon is asked for so often, so that several records are asked for at a time. */
    private static final long LOOK_MS = 50;
    /** So often, where the last were not worth it. */
    private static final long PAUSE_MS = 1_000;
    /** In a turn. */
    static final int MOST_RECORDS = 512;

    static final int STEP_BYTES = 256 << 10;
    private static final long[] NONE = {};

    private final Partition partition;
    private final EntryMaps maps;
    private final Predicate<QueueEngine> isServed;
    private final ByteBuffer attributes = ByteBuffer.allocate(Short.BYTES);
    private RecordShelf.Shelved entry = new RecordShelf.Shelved();
    /** By rising offset; what is before {@link #next} was looked up. */
    private long[] due = NONE;

    private int next;
    /** There was more. */
    private boolean more;
    /** Of what is due, so many entries cannot have a map. */
    private int inVain;
    /** On the monotonic clock. */
    private long lookAtMs = Long.MIN_VALUE;

    /** @param isServed whether the records of a group are delivered when they are due */
    ReadAhead(Partition partition, EntryMaps maps, Predicate<QueueEngine> isServed) {
        this.partition = partition;
        this.maps = maps;
        this.isServed = isServed;
    }

    /** Some of it. True: there is more. */
    boolean step(Now now) throws StorageException {
        if (due.length == 0 && (now.monotonicMs() < lookAtMs || !look(now))) {
            return false;
        }
        int read = 0;
        while (next < due.length && read < STEP_BYTES) {
            read += learn();
        }
        if (next < due.length) {
            return true;
        }
        if (inVain > due.length / 2) {
            lookAtMs = now.monotonicMs() + PAUSE_MS;
            more = false;
        }
        if (!more) {
            entry = new RecordShelf.Shelved();
        }
        due = NONE;
        return more;
    }

    /** False: nothing is due soon that was not looked up. */
    private boolean look(Now now) {
        LongArrayList found = new LongArrayList();
        more = false;
        for (QueueEngine engine : partition.queues().engines()) {
            if (isServed.test(engine)) {
                long[] offsets = engine.dueSoon(now.wallMs() + AHEAD_MS, MOST_RECORDS);
                more |= offsets.length == MOST_RECORDS;
                for (long offset : offsets) {
                    found.addLong(offset);
                }
            }
        }
        due = found.toLongArray();
        Arrays.sort(due);
        next = 0;
        inVain = 0;
        if (!more) {
            lookAtMs = now.monotonicMs() + LOOK_MS;
        }
        return due.length > 0;
    }

    /** Makes the map of the entry of the next record, if that is worth it. Returns how many bytes were read. */
    private int learn() throws StorageException {
        long offset = due[next];
        EntryMap known = maps.holding(offset);
        if (known != null) {
            goOnAt(known.end());
            return 0;
        }
        try (LogSlice slice = partition.log().read(offset, partition.log().endOffset(), 1, null)) {
            int first = next;
            goOnAt(Math.max(offset + 1, slice.nextOffset()));
            if (!isWorthAMap(slice, next - first)) {
                inVain++;
                return EntryMap.READ_BYTES;
            }
            entry.load(slice);
            EntryMap map = entry.map();
            if (map == null) {
                inVain++;
            } else if (!put(map)) {
                inVain = due.length;
                next = due.length;
            }
            return slice.sizeInBytes();
        } catch (OffsetOutOfRangeException | CorruptLogException e) {
            // Retention was faster, or the entry is damaged: its delivery says so.
            goOnAt(offset + 1);
            return EntryMap.READ_BYTES;
        }
    }

    /** False: there is no memory for it, even without those that nobody needs any more. */
    private boolean put(EntryMap map) {
        if (!maps.putIfRoom(map)) {
            maps.removeIf(each -> !partition.queues().needs(each.base(), each.end()));
            return maps.putIfRoom(map);
        }
        return true;
    }

    private void goOnAt(long offset) {
        while (next < due.length && due[next] < offset) {
            next++;
        }
    }

    /** Where many of its records are due at about the same time, all of it is soon needed. */
    private boolean isWorthAMap(LogSlice slice, int wanted) throws StorageException {
        boolean many = wanted > 1 && wanted >= Math.min(slice.recordCount() / 2, due.length / 4);
        if (many || !EntryMap.isLarge(slice.sizeInBytes())) {
            return false;
        }
        slice.copyTo(attributes.clear(), Envelope.SIZE + BatchLayout.ATTRIBUTES, Short.BYTES);
        return (attributes.getShort(0) & BatchLayout.COMPRESSION_MASK) == Compression.NONE.id();
    }
}
