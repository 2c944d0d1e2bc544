package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * For each record of a keyed group its key and the next one with the same key: eight bytes a record, in pages that are
 * there as long as one of their records is not done.
 */
final class RecordChain {
    static final int PAGE = OffsetBitmap.PAGE;
    static final int PAGE_BYTES = PAGE * 8 + 16;

    private static final long[] NO_PAGE = {};
    /** Of which the array is not worth giving back. */
    private static final int FEW = 64;

    private long[][] pages = new long[4][];
    private long firstPage;
    private int pagesInUse;
    private int ownPages;

    RecordChain(long from) {
        firstPage = from / PAGE;
        Arrays.fill(pages, NO_PAGE);
    }

    long bytes() {
        return (long) ownPages * PAGE_BYTES + pages.length * 8L;
    }

    /** Of those that take heap. */
    int pages() {
        return ownPages;
    }

    /** The keys have other numbers now. What is said of records that are done has no meaning. */
    void renumbered(int[] numbers) {
        for (int page = 0; page < pagesInUse; page++) {
            long[] words = pages[page];
            for (int at = 0; at < words.length; at++) {
                int key = (int) (words[at] >>> Integer.SIZE);
                // A record that is done may have a key that is gone.
                long number = key < numbers.length ? Math.max(0, numbers[key]) : 0;
                words[at] = (number << Integer.SIZE) | (words[at] & 0xFFFF_FFFFL);
            }
        }
    }

    /** A record that is not in the chain yet. */
    void put(long offset, int key) {
        int page = reserve(offset);
        pages[page][(int) (offset % PAGE)] = (long) key << Integer.SIZE;
    }

    int key(long offset) {
        return (int) (word(offset) >>> Integer.SIZE);
    }

    /** The next record with the same key, or {@link KeyTable#NO_OFFSET}. */
    long next(long offset) {
        int step = (int) word(offset);
        return step == 0 ? KeyTable.NO_OFFSET : offset + step;
    }

    /** Both are in the chain, and so near that their pages fit in memory: the step fits in an int. */
    void next(long offset, long next) {
        int step = next == KeyTable.NO_OFFSET ? 0 : Math.toIntExact(next - offset);
        pages[pageOf(offset)][(int) (offset % PAGE)] = (word(offset) & (-1L << Integer.SIZE)) | (step & 0xFFFF_FFFFL);
    }

    /** All records of the page that this one lies in are done. */
    void drop(long offset) {
        int page = pageOf(offset);
        if (page >= 0 && page < pagesInUse && pages[page] != NO_PAGE) {
            pages[page] = NO_PAGE;
            ownPages--;
        }
    }

    /** All below are done. */
    void dropBelow(long floor) {
        int gone = (int) Math.min(pagesInUse, floor / PAGE - firstPage);
        if (gone <= 0) {
            return;
        }
        for (int page = 0; page < gone; page++) {
            if (pages[page] != NO_PAGE) {
                ownPages--;
            }
        }
        System.arraycopy(pages, gone, pages, 0, pagesInUse - gone);
        Arrays.fill(pages, pagesInUse - gone, pagesInUse, NO_PAGE);
        pagesInUse -= gone;
        firstPage += gone;
        if (pagesInUse < pages.length / 4 && pages.length > FEW) {
            pages = Arrays.copyOf(pages, pages.length / 2);
        }
    }

    private long word(long offset) {
        return pages[pageOf(offset)][(int) (offset % PAGE)];
    }

    private int pageOf(long offset) {
        return (int) (offset / PAGE - firstPage);
    }

    private void prepend(int more) {
        long[][] all = new long[pagesInUse + more][];
        Arrays.fill(all, 0, more, NO_PAGE);
        System.arraycopy(pages, 0, all, more, pagesInUse);
        pages = all;
        pagesInUse += more;
        firstPage -= more;
    }

    private int reserve(long offset) {
        if (pagesInUse == 0) {
            firstPage = offset / PAGE;
        }
        if (offset / PAGE < firstPage) {
            prepend((int) (firstPage - offset / PAGE));
        }
        int page = pageOf(offset);
        if (page >= pages.length) {
            int used = pages.length;
            pages = Arrays.copyOf(pages, Math.max(page + 1, used + (used >> 1)));
            Arrays.fill(pages, used, pages.length, NO_PAGE);
        }
        if (pages[page] == NO_PAGE) {
            pages[page] = new long[PAGE];
            ownPages++;
        }
        pagesInUse = Math.max(pagesInUse, page + 1);
        return page;
    }
}
