package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * A set of offsets that fills up from below: all below its floor belong to it. Above, a page of 4,096 bits where there
 * is something to tell, a shared one where all or none belong to it; a page goes when the floor passes it.
 */
final class OffsetBitmap {
    static final int PAGE = 4096;
    static final int PAGE_BYTES = PAGE / 8 + 16;

    private static final int PAGE_SHIFT = 12;
    /** Pages of which the arrays are not worth giving back. */
    private static final int FEW = 64;

    private static final int WORDS = PAGE / Long.SIZE;
    private static final long[] NONE = new long[WORDS];
    private static final long[] ALL = new long[WORDS];

    static {
        Arrays.fill(ALL, -1L);
    }

    private long floor;
    private long size;
    private long firstPage;
    private int pagesInUse;
    private int ownPages;
    private long[][] pages = new long[4][];
    private int[] counts = new int[4];

    OffsetBitmap(long floor) {
        reset(floor);
    }

    void reset(long newFloor) {
        floor = newFloor;
        size = 0;
        firstPage = newFloor >>> PAGE_SHIFT;
        pagesInUse = 0;
        ownPages = 0;
        if (pages.length > FEW) {
            pages = new long[4][];
            counts = new int[4];
        }
        Arrays.fill(pages, NONE);
        Arrays.fill(counts, 0);
    }

    /** The first offset that does not belong to the set; all below do. */
    long floor() {
        return floor;
    }

    /** How many offsets above the floor belong to it. */
    long size() {
        return size;
    }

    /** Heap in use, roughly. */
    long bytes() {
        return (long) ownPages * PAGE_BYTES + pages.length * 12L;
    }

    boolean contains(long offset) {
        if (offset < floor) {
            return true;
        }
        long page = (offset >>> PAGE_SHIFT) - firstPage;
        return page < pagesInUse && (pages[(int) page][wordOf(offset)] & (1L << offset)) != 0;
    }

    /** Whether all offsets of the page that this one lies in belong to the set. */
    boolean isPageFull(long offset) {
        long page = (offset >>> PAGE_SHIFT) - firstPage;
        return page < 0 || (page < pagesInUse && counts[(int) page] == PAGE);
    }

    /** Adds {@code [from, to)}; those that are in it already stay. */
    void add(long from, long to) {
        long at = Math.max(from, floor);
        if (at >= to) {
            return;
        }
        reserve(to);
        while (at < to) {
            int page = (int) ((at >>> PAGE_SHIFT) - firstPage);
            int first = (int) (at & (PAGE - 1));
            int end = (int) Math.min(PAGE, first + (to - at));
            fill(page, first, end);
            at += end - first;
        }
        if (from <= floor) {
            raise();
        }
    }

    /** All below an offset belong to the set from now on. */
    void raiseTo(long newFloor) {
        if (newFloor > floor && size == 0) {
            reset(newFloor);
        } else {
            add(floor, newFloor);
        }
    }

    /** An offset with about half of its pages below it. */
    long middle() {
        return (firstPage + (pagesInUse + 1) / 2) << PAGE_SHIFT;
    }

    /** Takes {@code [from, to)} out; the floor goes down to where it begins. Those that are not in it stay so. */
    void remove(long from, long to) {
        long members = floor + size;
        if (from < floor) {
            uncover(from);
        }
        long end = Math.min(to, (firstPage + pagesInUse) << PAGE_SHIFT);
        long at = from;
        while (at < end) {
            int page = (int) ((at >>> PAGE_SHIFT) - firstPage);
            int first = (int) (at & (PAGE - 1));
            int last = (int) Math.min(PAGE, first + (end - at));
            members -= clear(page, first, last);
            at += last - first;
        }
        floor = Math.min(floor, from);
        size = members - floor;
    }

    /** Says with pages what the floor has said so far, down to an offset below it. */
    private void uncover(long newFloor) {
        int below = (int) (floor & (PAGE - 1));
        if (below > 0) {
            reserve(floor);
            fill(0, 0, below);
        }
        int more = (int) (firstPage - (newFloor >>> PAGE_SHIFT));
        if (more > 0) {
            int used = pagesInUse;
            firstPage -= more;
            reserve((firstPage + more + used) << PAGE_SHIFT);
            System.arraycopy(pages, 0, pages, more, used);
            System.arraycopy(counts, 0, counts, more, used);
            Arrays.fill(pages, 0, more, ALL);
            Arrays.fill(counts, 0, more, PAGE);
        }
    }

    /** Returns how many it had of them. */
    private int clear(int page, int first, int end) {
        if (counts[page] == 0) {
            return 0;
        }
        if (counts[page] == PAGE) {
            pages[page] = ALL.clone();
            ownPages++;
        }
        long[] words = pages[page];
        int removed = 0;
        for (int word = first / Long.SIZE; word <= (end - 1) / Long.SIZE; word++) {
            long mask = mask(word, first, end);
            removed += Long.bitCount(mask & words[word]);
            words[word] &= ~mask;
        }
        counts[page] -= removed;
        if (counts[page] == 0) {
            pages[page] = NONE;
            ownPages--;
        }
        return removed;
    }

    /** The bits of a word that lie in {@code [first, end)} of its page. */
    private static long mask(int word, int first, int end) {
        int low = Math.max(first - word * Long.SIZE, 0);
        int high = Math.min(end - word * Long.SIZE, Long.SIZE);
        return (-1L << low) & (-1L >>> (Long.SIZE - high));
    }

    private void fill(int page, int first, int end) {
        int before = counts[page];
        if (before == PAGE) {
            return;
        }
        if (end - first == PAGE) {
            become(page, ALL, PAGE);
            return;
        }
        if (before == 0) {
            pages[page] = new long[WORDS];
            ownPages++;
        }
        long[] words = pages[page];
        int added = 0;
        for (int word = first / Long.SIZE; word <= (end - 1) / Long.SIZE; word++) {
            long mask = mask(word, first, end);
            added += Long.bitCount(mask & ~words[word]);
            words[word] |= mask;
        }
        counts[page] = before + added;
        size += added;
        if (counts[page] == PAGE) {
            become(page, ALL, PAGE);
        }
    }

    private void become(int page, long[] shared, int count) {
        if (counts[page] > 0 && pages[page] != ALL) {
            ownPages--;
        }
        size += count - counts[page];
        pages[page] = shared;
        counts[page] = count;
    }

    /** The first offset from there on that does not belong to the set. */
    long nextAbsent(long from) {
        long at = Math.max(from, floor);
        while (true) {
            long page = (at >>> PAGE_SHIFT) - firstPage;
            if (page >= pagesInUse) {
                return at;
            }
            long absent = counts[(int) page] == PAGE ? 0 : ~pages[(int) page][wordOf(at)] & (-1L << at);
            if (absent != 0) {
                return (at & -Long.SIZE) + Long.numberOfTrailingZeros(absent);
            }
            int step = counts[(int) page] == PAGE ? PAGE : Long.SIZE;
            at = (at & -step) + step;
        }
    }

    /** The first offset from there on, not below the floor, that belongs to the set; the largest long: none. */
    long nextPresent(long from) {
        long at = Math.max(from, floor);
        while (true) {
            long page = (at >>> PAGE_SHIFT) - firstPage;
            if (page >= pagesInUse) {
                return Long.MAX_VALUE;
            }
            long present = counts[(int) page] == 0 ? 0 : pages[(int) page][wordOf(at)] & (-1L << at);
            if (present != 0) {
                return (at & -Long.SIZE) + Long.numberOfTrailingZeros(present);
            }
            int step = counts[(int) page] == 0 ? PAGE : Long.SIZE;
            at = (at & -step) + step;
        }
    }

    private void raise() {
        long to = nextAbsent(floor);
        size -= to - floor;
        floor = to;
        int gone = (int) Math.min(pagesInUse, (to >>> PAGE_SHIFT) - firstPage);
        if (gone == 0) {
            return;
        }
        for (int page = 0; page < gone; page++) {
            if (counts[page] > 0 && pages[page] != ALL) {
                ownPages--;
            }
        }
        System.arraycopy(pages, gone, pages, 0, pagesInUse - gone);
        System.arraycopy(counts, gone, counts, 0, pagesInUse - gone);
        Arrays.fill(pages, pagesInUse - gone, pagesInUse, NONE);
        Arrays.fill(counts, pagesInUse - gone, pagesInUse, 0);
        pagesInUse -= gone;
        firstPage += gone;
        if (pagesInUse == 0) {
            firstPage = to >>> PAGE_SHIFT;
        }
        if (pagesInUse < pages.length / 4 && pages.length > FEW) {
            pages = Arrays.copyOf(pages, pages.length / 2);
            counts = Arrays.copyOf(counts, counts.length / 2);
        }
    }

    private void reserve(long to) {
        int needed = (int) (((to - 1) >>> PAGE_SHIFT) - firstPage) + 1;
        if (needed > pages.length) {
            int used = pages.length;
            int capacity = Math.max(needed, used + (used >> 1));
            pages = Arrays.copyOf(pages, capacity);
            counts = Arrays.copyOf(counts, capacity);
            Arrays.fill(pages, used, capacity, NONE);
        }
        pagesInUse = Math.max(pagesInUse, needed);
    }

    private static int wordOf(long offset) {
        return (int) (offset & (PAGE - 1)) / Long.SIZE;
    }
}
