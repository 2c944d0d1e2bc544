package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OffsetBitmapTest {
    private static final int RANGE = 5 * OffsetBitmap.PAGE;

    @Test
    void holdsWhatAPlainSetHolds() {
        Seeds.run(300, random -> {
            int start = random.nextInt(2 * OffsetBitmap.PAGE);
            OffsetBitmap bitmap = new OffsetBitmap(start);
            BitSet model = new BitSet();
            model.set(0, start);
            for (int step = 0; step < 200; step++) {
                int from = anyOffset(random, model);
                int to = Math.min(
                        RANGE, from + 1 + (random.nextInt(4) == 0 ? random.nextInt(2 * OffsetBitmap.PAGE) : 0));
                if (random.nextInt(20) == 0) {
                    bitmap.raiseTo(from);
                    model.set(0, from);
                } else if (random.nextInt(5) == 0) {
                    bitmap.remove(from, to);
                    model.clear(from, to);
                } else {
                    bitmap.add(from, to);
                    model.set(from, to);
                }
                check(bitmap, model, random);
            }
        });
    }

    /** Often just where the floor is, and at the borders of words and pages. */
    private static int anyOffset(SplittableRandom random, BitSet model) {
        int any = random.nextInt(RANGE);
        return switch (random.nextInt(4)) {
            case 0 -> Math.min(model.nextClearBit(0), RANGE - 1);
            case 1 -> any & -64;
            case 2 -> any & -OffsetBitmap.PAGE;
            default -> any;
        };
    }

    private static void check(OffsetBitmap bitmap, BitSet model, SplittableRandom random) {
        int floor = model.nextClearBit(0);
        assertEquals(floor, bitmap.floor());
        assertEquals(model.cardinality() - floor, bitmap.size());
        for (int i = 0; i < 20; i++) {
            int at = random.nextInt(RANGE + 100);
            assertEquals(model.get(at), bitmap.contains(at), "offset " + at);
            assertEquals(model.nextClearBit(Math.max(at, floor)), bitmap.nextAbsent(at), "absent from " + at);
            int present = model.nextSetBit(Math.max(at, floor));
            assertEquals(present < 0 ? Long.MAX_VALUE : present, bitmap.nextPresent(at), "present from " + at);
            int page = at & -OffsetBitmap.PAGE;
            boolean full = model.nextClearBit(page) >= page + OffsetBitmap.PAGE;
            assertTrue(full || !bitmap.isPageFull(at), "page of " + at);
        }
    }

    @Test
    void aRunOfMillionsTakesNoPages() {
        OffsetBitmap bitmap = new OffsetBitmap(0);

        bitmap.add(1, 50_000_000);

        assertEquals(49_999_999, bitmap.size());
        assertTrue(bitmap.bytes() < 1_000_000, "bytes: " + bitmap.bytes());
        bitmap.add(0, 1);
        assertEquals(50_000_000, bitmap.floor());
        assertFalse(bitmap.contains(50_000_000));
    }

    @Test
    void whatIsTakenOutAndPutBackLeavesNothingBehind() {
        OffsetBitmap bitmap = new OffsetBitmap(10);
        bitmap.add(10, 50_000_000);
        long before = bitmap.bytes();

        bitmap.remove(5, 40_000_001);

        assertEquals(5, bitmap.floor());
        assertEquals(50_000_000 - 40_000_001, bitmap.size());
        assertTrue(bitmap.contains(4) && bitmap.contains(40_000_001));
        assertFalse(bitmap.contains(40_000_000));
        bitmap.add(5, 40_000_001);
        assertEquals(50_000_000, bitmap.floor());
        assertEquals(0, bitmap.size());
        assertTrue(bitmap.bytes() - before < 500_000, "bytes: " + (bitmap.bytes() - before));
    }

    @Test
    void aPageThatFillsUpBitByBitIsShared() {
        OffsetBitmap bitmap = new OffsetBitmap(0);
        long before = bitmap.bytes();
        for (int offset = 2 * OffsetBitmap.PAGE - 1; offset >= OffsetBitmap.PAGE; offset--) {
            bitmap.add(offset, offset + 1);
        }

        assertTrue(bitmap.isPageFull(OffsetBitmap.PAGE));
        assertEquals(before, bitmap.bytes());
    }
}
