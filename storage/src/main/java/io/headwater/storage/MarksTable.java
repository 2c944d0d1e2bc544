package io.headwater.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Marks} knows, in memory, and which of it the file does not hold yet. Thread-safe; no method waits for the
 * disk.
 */
final class MarksTable {
    private final Long2ObjectHashMap<Mark> marks;
    private final List<Mark> pending = new ArrayList<>();
    private MarksLayout.Identity identity;
    /** Counts changes that an acknowledgement waits for. */
    private long urgentChanges;
    /** How many of them are on the disk. */
    private long urgentSynced;

    MarksTable(MarksLayout.Identity identity, Long2ObjectHashMap<Mark> marks) {
        this.identity = identity;
        this.marks = marks;
    }

    synchronized MarksLayout.Identity identity() {
        return identity;
    }

    synchronized void identity(MarksLayout.Identity changed) {
        identity = changed;
    }

    synchronized boolean contains(long partitionId) {
        return marks.containsKey(partitionId);
    }

    synchronized int size() {
        return marks.size();
    }

    synchronized boolean load(long partitionId, Mark into) {
        Mark mark = marks.get(partitionId);
        if (mark == null) {
            return false;
        }
        into.set(mark);
        return true;
    }

    synchronized long[] partitionIds() {
        long[] ids = new long[marks.size()];
        int i = 0;
        for (Mark mark : marks.values()) {
            ids[i++] = mark.partitionId;
        }
        return ids;
    }

    /** Takes in a mark that the file holds already. */
    synchronized void add(Mark mark) {
        marks.put(mark.partitionId, mark);
    }

    synchronized @Nullable Mark remove(long partitionId) {
        Mark mark = marks.remove(partitionId);
        if (mark != null && mark.pending) {
            pending.remove(mark);
        }
        return mark;
    }

    synchronized void promise(long partitionId, int epoch) {
        Mark mark = require(partitionId);
        if (mark.promisedEpoch < epoch) {
            mark.promisedEpoch = epoch;
            changed(mark, true);
        }
    }

    /** Whether there are changes that must be synced before an acknowledgement; one whose sync failed is such still. */
    synchronized boolean awaitsSync() {
        return urgentSynced != urgentChanges;
    }

    synchronized void committed(long partitionId, long commitIndex) {
        Mark mark = marks.get(partitionId);
        if (mark != null && mark.commitIndex < commitIndex) {
            mark.commitIndex = commitIndex;
            changed(mark, false);
        }
    }

    synchronized void flags(long partitionId, int raised, int lowered) {
        Mark mark = require(partitionId);
        mark.flags = (mark.flags | raised) & ~lowered;
        if (!mark.has(ReplicaFlag.SUSPECT)) {
            had(mark, 0, 0);
        }
        changed(mark, true);
    }

    /** Returns whether there are changes that must be synced before an acknowledgement. */
    synchronized boolean dirty(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark != null && mark.clean) {
            mark.clean = false;
            changed(mark, true);
        }
        return urgentSynced != urgentChanges;
    }

    synchronized void durable(long partitionId, SyncPoint point) {
        Mark mark = marks.get(partitionId);
        if (mark != null && mark.durable.endIndex < point.endIndex) {
            mark.durable.set(point);
            changed(mark, false);
        }
    }

    /** Makes a change that waits for the file urgent. */
    synchronized void urge(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark != null && mark.pending) {
            changed(mark, true);
        }
    }

    /** The file hears of it later. */
    synchronized void startsAt(long partitionId, long index) {
        Mark mark = marks.get(partitionId);
        if (mark != null && mark.startIndex != index) {
            mark.startIndex = index;
            changed(mark, false);
        }
    }

    synchronized void reset(long partitionId, SyncPoint point) {
        Mark mark = require(partitionId);
        mark.durable.set(point);
        mark.clean = false;
        changed(mark, true);
    }

    synchronized void forfeit(long partitionId, SyncPoint point, long hadEndIndex, int hadEpoch) {
        Mark mark = require(partitionId);
        hadAtLeast(mark, hadEndIndex, hadEpoch);
        mark.flags |= ReplicaFlag.SUSPECT.bit();
        mark.durable.set(point);
        mark.commitIndex = Math.min(mark.commitIndex, point.endIndex);
        mark.startIndex = Math.min(mark.startIndex, point.segmentBaseIndex);
        mark.clean = false;
        changed(mark, true);
    }

    /** What it had before it lost something is not in what it has now. */
    private static void hadAtLeast(Mark mark, long endIndex, int epoch) {
        boolean lost = mark.has(ReplicaFlag.SUSPECT) || mark.has(ReplicaFlag.LOST_TAIL);
        boolean known = endIndex > 0 && (!lost || mark.hadEndIndex > 0);
        boolean further = epoch > mark.hadEpoch || (epoch == mark.hadEpoch && endIndex > mark.hadEndIndex);
        if (!known) {
            had(mark, 0, 0);
        } else if (mark.hadEndIndex == 0 || further) {
            had(mark, endIndex, epoch);
        }
    }

    private static void had(Mark mark, long endIndex, int epoch) {
        mark.hadEndIndex = endIndex;
        mark.hadEpoch = epoch;
    }

    synchronized void clean(long partitionId, SyncPoint end) {
        Mark mark = require(partitionId);
        mark.durable.set(end);
        mark.clean = true;
        mark.flags &= ~ReplicaFlag.UNSYNCED.bit();
        changed(mark, true);
    }

    /** Not clean any more either: what is written from now on counts. False: it must not, as a sync has failed. */
    synchronized boolean unsynced(long partitionId) {
        Mark mark = require(partitionId);
        if (mark.syncFailed) {
            return false;
        }
        mark.clean = false;
        mark.flags |= ReplicaFlag.UNSYNCED.bit();
        changed(mark, true);
        return true;
    }

    /** Returns whether the log may have lost what it had acknowledged. */
    synchronized boolean syncFailed(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark != null) {
            mark.syncFailed = true;
        }
        return lostTail(partitionId);
    }

    /** All that the log has is on the disk. Nobody waits for the file to hear of it. */
    synchronized void allSynced(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark != null && mark.has(ReplicaFlag.UNSYNCED)) {
            mark.flags &= ~ReplicaFlag.UNSYNCED.bit();
            changed(mark, false);
        }
    }

    /** Returns how many may have lost something. */
    synchronized int lostPower() {
        int lost = 0;
        for (Mark mark : marks.values()) {
            lost += lostTail(mark.partitionId) ? 1 : 0;
        }
        return lost;
    }

    /** Returns whether the log may have lost something: it was unsynced. */
    synchronized boolean lostTail(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark == null || !mark.has(ReplicaFlag.UNSYNCED)) {
            return false;
        }
        mark.flags = (mark.flags | ReplicaFlag.LOST_TAIL.bit()) & ~ReplicaFlag.UNSYNCED.bit();
        changed(mark, true);
        return true;
    }

    private Mark require(long partitionId) {
        Mark mark = marks.get(partitionId);
        if (mark == null) {
            throw new IllegalArgumentException("partitionId: " + partitionId + " (expected: one that was registered)");
        }
        return mark;
    }

    private void changed(Mark mark, boolean urgent) {
        mark.urgent |= urgent;
        if (urgent) {
            urgentChanges++;
        }
        if (!mark.pending) {
            mark.pending = true;
            pending.add(mark);
        }
    }

    synchronized int pendingCount() {
        return pending.size();
    }

    /** Hands over the marks that changed, all of them or those that are urgent, and takes them for written. */
    synchronized void drain(boolean all, Consumer<Mark> sink) {
        int kept = 0;
        for (int i = 0; i < pending.size(); i++) {
            Mark mark = pending.get(i);
            if (all || mark.urgent) {
                mark.pending = false;
                mark.urgent = false;
                sink.accept(mark);
            } else {
                pending.set(kept++, mark);
            }
        }
        pending.subList(kept, pending.size()).clear();
    }

    /** To be handed to {@link #urgentSynced} when everything that changed until now is on the disk. */
    synchronized long urgentChanges() {
        return urgentChanges;
    }

    synchronized void urgentSynced(long covered) {
        urgentSynced = covered;
    }

    /** All marks as they are now. */
    synchronized List<Mark> copy() {
        List<Mark> copies = new ArrayList<>(marks.size());
        for (Mark mark : marks.values()) {
            copies.add(new Mark().set(mark));
        }
        return copies;
    }
}
