package io.headwater.record.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SeedsTest {
    @Test
    void givesEverySeedOtherNumbersAndTheSameOnesEachTime() {
        List<Long> first = new ArrayList<>();
        List<Long> second = new ArrayList<>();
        Seeds.run(3, random -> first.add(random.nextLong()));
        Seeds.run(3, random -> second.add(random.nextLong()));
        assertEquals(first, second);
        assertNotEquals(first.get(0), first.get(1));
        assertNotEquals(first.get(1), first.get(2));
    }

    @Test
    void namesTheFailingSeedAndTheCommandThatReplaysIt() {
        int[] runs = new int[1];
        AssertionError error = assertThrows(
                AssertionError.class,
                () -> Seeds.run(10, "some.seed", random -> assertTrue(++runs[0] < 5, "the reason")));
        String message = String.valueOf(error.getMessage());
        assertEquals(5, runs[0]);
        assertTrue(message.contains("seed 4 failed"), message);
        assertTrue(message.contains("the reason"), message);
        assertTrue(message.contains("-Dtest=SeedsTest#namesTheFailingSeedAndTheCommandThatReplaysIt "), message);
        assertTrue(message.contains("-Dsome.seed=4"), message);
    }
}
