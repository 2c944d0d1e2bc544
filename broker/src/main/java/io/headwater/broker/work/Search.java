package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Selection;
import io.headwater.protocol.wire.QueueFilter;
import io.headwater.record.RecordCursor;
import io.headwater.storage.StorageException;
import java.util.Set;
import org.agrona.collections.LongArrayList;

/**
 * Looks for records of a group by what it knows of them and by what stands in them: one page for each request, of which
 * the owner need not fear how long it takes.
 */
final class Search {
    /** Of the log, for one page. */
    private static final int READ_BYTES = 1 << 20;
    /** Of which it is looked what stands in them. */
    private static final int MOST_CANDIDATES = 10_000;

    private final Partition partition;
    private final QueueEngine engine;
    private final Conditions conditions;
    private final long from;
    private final long until;
    /** What is meant, whether the group knows it or not. */
    private final long end;

    private long gone;

    /** @param until exclusive */
    Search(Partition partition, QueueEngine engine, QueueFilter filter, long from, long until)
            throws RequestFailedException, StorageException {
        this.partition = partition;
        this.engine = engine;
        this.conditions = Conditions.of(filter);
        this.from = conditions.from(partition, Math.max(from, partition.startOffset()));
        this.end = conditions.until(partition, Math.min(until, partition.committedOffset()));
        this.until = conditions.until(partition, Math.min(until, engine.end()));
        if (this.from >= engine.end() && engine.end() < end) {
            throw new RequestFailedException(PartitionErrors.notTold(partition.info(), engine.end()));
        }
        if (from > 0) {
            // Not where it begins at the beginning, whatever that was.
            gone = Math.max(0, Math.min(until, partition.startOffset()) - from);
        }
    }

    /** Whether only states and offsets count. */
    boolean isUnconditional() {
        return conditions.takeEveryRecord();
    }

    long from() {
        return from;
    }

    long until() {
        return until;
    }

    /** Where to go on, if that was all that the group knows: for want of room there may be records that it does not. */
    long andThen(long next) {
        return next == Selection.NO_MORE && engine.end() < end ? engine.end() : next;
    }

    /** What somebody does with each record that was found. */
    interface Visitor {
        /**
         * @param record stands on it; borrowed
         * @return false: it is too many, and the next page begins with it
         */
        boolean found(long offset, RecordCursor record) throws StorageException;

        /**
         * One that was looked for is not there any more, or cannot be read. Not told where it counts what stands in them, as
         * nobody can say whether it was meant.
         */
        default void missing(long offset) throws StorageException {}
    }

    /** At most so many, and perhaps none though there are more. */
    Selection page(Set<RecordState> states, int max) throws StorageException {
        if (conditions.takeEveryRecord() && !states.contains(RecordState.DONE)) {
            Selection known = engine.select(states, from, until, max);
            return new Selection(known.offsets(), andThen(known.next()));
        }
        LongArrayList found = new LongArrayList();
        long next = read(states, max, (offset, record) -> {
            found.addLong(offset);
            return true;
        });
        return new Selection(found.toLongArray(), next);
    }

    /** The same, with what stands in them; returns where to go on, or {@link Selection#NO_MORE}. */
    long read(Set<RecordState> states, long max, Visitor visitor) throws StorageException {
        // What readers may not see yet cannot be read here either.
        long readable = Math.min(until, partition.committedOffset());
        if (states.contains(RecordState.DONE)) {
            gone += Math.max(0, Math.min(readable, engine.acksKnownFrom()) - from);
        }
        Selection candidates = engine.select(states, from, readable, MOST_CANDIDATES);
        RecordReader reader = new RecordReader(partition, readable, conditions.eventTimes());
        long found = 0;
        for (long offset : candidates.offsets()) {
            if (found == max || reader.bytesRead() >= READ_BYTES) {
                return offset;
            }
            if (!conditions.hold(engine.explain(offset))) {
                continue;
            }
            if (!reader.seek(offset)) {
                gone++;
                if (!conditions.lookInside()) {
                    visitor.missing(offset);
                }
            } else if (conditions.hold(reader.cursor())) {
                if (!visitor.found(offset, reader.cursor())) {
                    return offset;
                }
                found++;
            }
        }
        return andThen(candidates.next());
    }

    /**
     * Of how many that were looked for there is no record any more, or none that can be read, or nobody knows any more
     * whether they were acknowledged; 0 where it counts what stands in them, as nobody can say whether they were meant.
     */
    long gone() {
        return conditions.lookInside() ? 0 : gone;
    }
}
