package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RecordChainTest {
    private static final int PAGE = RecordChain.PAGE;

    @Test
    void keepsKeyAndNextApart() {
        RecordChain chain = new RecordChain(10);
        chain.put(10, Integer.MAX_VALUE);
        chain.put(3 * PAGE, 7);
        assertEquals(KeyTable.NO_OFFSET, chain.next(10));

        chain.next(10, 3 * PAGE);
        chain.next(3 * PAGE, 10);

        assertEquals(3 * PAGE, chain.next(10));
        assertEquals(10, chain.next(3 * PAGE));
        assertEquals(Integer.MAX_VALUE, chain.key(10));
        assertEquals(7, chain.key(3 * PAGE));
        chain.next(10, KeyTable.NO_OFFSET);
        assertEquals(KeyTable.NO_OFFSET, chain.next(10));
    }

    @Test
    void pagesGoFromBelowAndFromTheMiddle() {
        RecordChain chain = new RecordChain(0);
        long empty = chain.bytes();
        for (int page = 0; page < 4; page++) {
            chain.put((long) page * PAGE, page);
        }
        assertEquals(empty + 4L * RecordChain.PAGE_BYTES, chain.bytes());

        chain.drop(2 * PAGE + 5);
        chain.dropBelow(PAGE + 1);

        assertEquals(empty + 2L * RecordChain.PAGE_BYTES, chain.bytes());
        assertEquals(1, chain.key(PAGE));
        assertEquals(3, chain.key(3 * PAGE));
        chain.dropBelow(100L * PAGE);
        assertEquals(empty, chain.bytes());
        chain.put(100L * PAGE, 9);
        assertEquals(9, chain.key(100L * PAGE));
    }
}
