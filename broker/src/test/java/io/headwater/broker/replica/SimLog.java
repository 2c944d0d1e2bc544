package io.headwater.broker.replica;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;

/** A log in memory with a disk: what is not synced may be lost, from the end. */
final class SimLog implements ReplicaLog {
    /** Negative values are control entries. */
    record Entry(int epoch, long value) {}

    record SimEntries(long fromIndex, List<Entry> list) implements Entries {
        @Override
        public long endIndex() {
            return fromIndex + list.size();
        }

        @Override
        public int bytes() {
            return list.size() * Profile.ENTRY_BYTES;
        }

        @Override
        public List<EpochStart> epochs() {
            List<EpochStart> rows = new ArrayList<>();
            for (int i = 0; i < list.size(); i++) {
                if (i == 0 || list.get(i).epoch() != list.get(i - 1).epoch()) {
                    rows.add(new EpochStart(list.get(i).epoch(), fromIndex + i));
                }
            }
            return rows;
        }
    }

    private final Checker checker;
    private final Runnable onGrowth;
    private final List<Entry> entries = new ArrayList<>();
    private final EpochTable epochs = new EpochTable();
    private long durable;
    private long start;
    private long cuts;
    /** There is no room to be cut. */
    boolean full;

    private LongPredicate offers = from -> false;
    private BooleanSupplier takes = () -> false;

    SimLog(Checker checker, Runnable onGrowth) {
        this.checker = checker;
        this.onGrowth = onGrowth;
    }

    Entry get(long index) {
        return entries.get((int) index);
    }

    void append(Entry entry) {
        checker.appended(endIndex(), epochs.lastEpoch(), entry);
        epochs.append(entry.epoch(), endIndex());
        entries.add(entry);
        onGrowth.run();
    }

    void synced(long endIndex) {
        durable = Math.max(durable, Math.min(endIndex, endIndex()));
    }

    /** What was not synced is gone, but for the first so many entries of it. */
    void crash(int kept) {
        cut(Math.min(endIndex(), durable + kept));
        durable = endIndex();
    }

    /** What stands from there on is gone, durable or not. */
    void rot(long end) {
        cut(end);
        durable = end;
    }

    /** How often it was cut: what a sync that began before says of the end is void. */
    long cuts() {
        return cuts;
    }

    private void cut(long endIndex) {
        cuts++;
        entries.subList((int) endIndex, entries.size()).clear();
        epochs.truncateTo(endIndex);
        durable = Math.min(durable, endIndex);
    }

    /** As retention does. */
    void dropBefore(long index) {
        start = index;
        epochs.dropBefore(index - 1);
    }

    @Override
    public long startIndex() {
        return start;
    }

    @Override
    public long endIndex() {
        return entries.size();
    }

    @Override
    public long durableIndex() {
        return durable;
    }

    @Override
    public long writtenIndex() {
        return endIndex();
    }

    @Override
    public EpochTable epochs() {
        return epochs;
    }

    @Override
    public long appendEpochStart(int epoch) {
        mustHaveRoom();
        append(new Entry(epoch, -1));
        return endIndex() - 1;
    }

    @Override
    public long appendConfigurationMark(int epoch, int configurationVersion) {
        mustHaveRoom();
        append(new Entry(epoch, -2 - configurationVersion));
        return endIndex() - 1;
    }

    @Override
    public void appendLossMarker(int epoch) {
        append(new Entry(epoch, Long.MIN_VALUE));
    }

    @Override
    public void append(Entries received) {
        SimEntries from = (SimEntries) received;
        from.list().stream().skip(endIndex() - from.fromIndex()).forEach(this::append);
    }

    @Override
    public Entries read(long fromIndex, int maxBytes) {
        long end = Math.min(endIndex(), fromIndex + Math.max(1, maxBytes / Profile.ENTRY_BYTES));
        return new SimEntries(fromIndex, List.copyOf(entries.subList((int) fromIndex, (int) end)));
    }

    @Override
    public void recheck(long fromIndex, long endIndex) {
        if (fromIndex < start || fromIndex >= endIndex || endIndex > endIndex()) {
            throw new AssertionError("from " + fromIndex + " to " + endIndex + " (expected: what was sent)");
        }
    }

    /** What of it others may copy, and whether it copies. */
    void segments(LongPredicate offered, BooleanSupplier taken) {
        offers = offered;
        takes = taken;
    }

    @Override
    public boolean offersSegment(long fromIndex) {
        return offers.test(fromIndex);
    }

    @Override
    public boolean takesSegments() {
        return takes.getAsBoolean();
    }

    @Override
    public void truncateTo(long endIndex) {
        mustHaveRoom();
        cut(endIndex);
    }

    private void mustHaveRoom() {
        if (full) {
            throw new UncheckedIOException(new IOException("the disk is full"));
        }
    }
}
