package io.headwater.broker.metadata;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Partitions by id, immutable. Ids are dense and never reused, so an array in pages of 256 serves: a lookup is two loads
 * and allocates nothing, a change copies one page and the directory of pages. Pages whose partitions are all deleted
 * are dropped.
 */
final class PartitionTable {
    static final PartitionTable EMPTY = new PartitionTable(new PartitionInfo[0][], 0, ReplicaCounts.NONE);

    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;

    private final @Nullable PartitionInfo[] @Nullable [] pages;
    private final int size;
    private final ReplicaCounts counts;

    private PartitionTable(@Nullable PartitionInfo[] @Nullable [] pages, int size, ReplicaCounts counts) {
        this.pages = pages;
        this.size = size;
        this.counts = counts;
    }

    int size() {
        return size;
    }

    /** Of all the partitions in here. */
    ReplicaCounts counts() {
        return counts;
    }

    @Nullable
    PartitionInfo get(long partitionId) {
        long page = partitionId >> PAGE_BITS;
        if (page < 0 || page >= pages.length) {
            return null;
        }
        @Nullable PartitionInfo[] slots = pages[(int) page];
        return slots == null ? null : slots[(int) partitionId & (PAGE - 1)];
    }

    /** Puts in, or replaces, all of these; copies every touched page once. */
    PartitionTable with(Iterable<PartitionInfo> partitions) {
        Edit edit = new Edit(this);
        partitions.forEach(partition -> edit.set(partition.partitionId(), partition));
        return edit.done();
    }

    PartitionTable without(Iterable<PartitionInfo> partitions) {
        Edit edit = new Edit(this);
        partitions.forEach(partition -> edit.set(partition.partitionId(), null));
        return edit.done();
    }

    /** A change in the making: pages are copied when first touched. */
    private static final class Edit {
        private @Nullable PartitionInfo[] @Nullable [] pages;
        private final ReplicaCounts.Edit counts;
        private boolean[] copied;
        private int size;

        Edit(PartitionTable from) {
            pages = from.pages.clone();
            copied = new boolean[pages.length];
            size = from.size;
            counts = new ReplicaCounts.Edit(from.counts);
        }

        void set(long partitionId, @Nullable PartitionInfo partition) {
            int page = Math.toIntExact(partitionId >> PAGE_BITS);
            int slot = (int) partitionId & (PAGE - 1);
            @Nullable PartitionInfo[] slots = writable(page);
            PartitionInfo before = slots[slot];
            slots[slot] = partition;
            size += (partition == null ? 0 : 1) - (before == null ? 0 : 1);
            count(
                    before == null ? ReplicaSet.NONE : before.replicas(),
                    partition == null ? ReplicaSet.NONE : partition.replicas());
        }

        private void count(ReplicaSet before, ReplicaSet after) {
            if (!before.equals(after)) {
                counts.remove(before);
                counts.add(after);
            }
        }

        private @Nullable PartitionInfo[] writable(int page) {
            if (page >= pages.length) {
                pages = Arrays.copyOf(pages, page + 1);
                copied = Arrays.copyOf(copied, page + 1);
            }
            @Nullable PartitionInfo[] slots = pages[page];
            if (!copied[page]) {
                slots = slots == null ? new @Nullable PartitionInfo[PAGE] : slots.clone();
                pages[page] = slots;
                copied[page] = true;
            }
            return Objects.requireNonNull(slots);
        }

        PartitionTable done() {
            for (int page = 0; page < pages.length; page++) {
                if (copied[page] && isEmpty(Objects.requireNonNull(pages[page]))) {
                    pages[page] = null;
                }
            }
            return new PartitionTable(pages, size, counts.done());
        }

        private static boolean isEmpty(@Nullable PartitionInfo[] slots) {
            for (PartitionInfo partition : slots) {
                if (partition != null) {
                    return false;
                }
            }
            return true;
        }
    }
}
