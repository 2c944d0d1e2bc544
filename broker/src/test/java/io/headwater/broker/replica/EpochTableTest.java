package io.headwater.broker.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class EpochTableTest {
    @Test
    void knowsWhereEachEpochStartsAndEnds() {
        EpochTable table = table(1, 0, 3, 10, 7, 25);

        assertEquals(7, table.lastEpoch());
        assertEquals(10, table.endOf(1, 30));
        assertEquals(25, table.endOf(3, 30));
        assertEquals(30, table.endOf(7, 30));
        assertEquals(EpochTable.NOT_THERE, table.endOf(2, 30));
        assertEquals(EpochTable.NOT_THERE, table.endOf(8, 30));
        assertEquals(1, table.epochAt(9));
        assertEquals(3, table.epochAt(10));
        assertEquals(7, table.epochAt(29));
    }

    @Test
    void aLogWithoutEntriesHasNoEpoch() {
        assertEquals(EpochTable.NO_EPOCH, new EpochTable().lastEpoch());
        assertEquals(new LogTail(0, 0, List.of(), 0), new EpochTable().tail(0, 0, 64));
    }

    @Test
    void furtherEntriesOfAnEpochAreNoNewRow() {
        EpochTable table = table(1, 0);
        table.append(1, 1);

        assertEquals(List.of(new EpochStart(1, 0)), table.between(0, 2));
    }

    @Test
    void anEpochNeverGoesBack() {
        EpochTable table = table(4, 0);

        assertThrows(IllegalArgumentException.class, () -> table.append(3, 1));
    }

    @Test
    void truncationTakesTheRowsOfWhatIsGone() {
        EpochTable table = table(1, 0, 3, 10, 7, 25);

        table.truncateTo(26);
        assertEquals(7, table.lastEpoch());
        table.truncateTo(25);
        assertEquals(3, table.lastEpoch());
        table.truncateTo(0);
        assertEquals(EpochTable.NO_EPOCH, table.lastEpoch());
    }

    @Test
    void theRowThatTheLogNowStartsInStays() {
        EpochTable table = table(1, 0, 3, 10, 7, 25);

        table.dropBefore(9);
        assertEquals(1, table.epochAt(9));
        table.dropBefore(12);
        assertEquals(EpochTable.NOT_THERE, table.endOf(1, 30));
        assertEquals(3, table.epochAt(12));
        table.dropBefore(1_000);
        assertEquals(7, table.lastEpoch());
    }

    @Test
    void rowsOfARangeStartWithTheRange() {
        EpochTable table = table(1, 0, 3, 10, 7, 25);

        assertEquals(List.of(new EpochStart(1, 5), new EpochStart(3, 10)), table.between(5, 25));
        assertEquals(List.of(new EpochStart(3, 12)), table.between(12, 13));
    }

    @Test
    void aTailIsTheLastRowsAndSaysHowManyAreOlder() {
        EpochTable table = table(1, 0, 3, 10, 7, 25);

        LogTail newest = table.tail(0, 30, 2);
        assertEquals(new LogTail(0, 30, List.of(new EpochStart(3, 10), new EpochStart(7, 25)), 1), newest);
        assertEquals(new LogTail(0, 10, List.of(new EpochStart(1, 0)), 0), table.tail(0, 10, 2));
    }

    static EpochTable table(long... epochsAndStarts) {
        EpochTable table = new EpochTable();
        for (int i = 0; i < epochsAndStarts.length; i += 2) {
            table.append((int) epochsAndStarts[i], epochsAndStarts[i + 1]);
        }
        return table;
    }
}
