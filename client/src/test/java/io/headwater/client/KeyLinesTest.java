package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.headwater.client.KeyLines.Place;
import io.headwater.record.Compression;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullUnmarked
class KeyLinesTest {
    private static final QueueSubscription NOBODYS = null;

    private final KeyLines lines = new KeyLines();
    private final List<LeasedRecord> dropped = new ArrayList<>();

    private static LeasedRecord record(@Nullable String key, boolean follows) throws Exception {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        ByteBuffer target = ByteBuffer.allocate(1 << 10);
        builder.reset(target);
        builder.append(1, key == null ? null : key.getBytes(StandardCharsets.US_ASCII), new byte[8], List.of());
        builder.finish(-1, (short) -1, -1);
        RecordCursor cursor = new RecordBatch().wrap(target, 0).records();
        cursor.next();
        LeasedRecord record = new LeasedRecord(
                new LeasedRecord.Source(NOBODYS, 0, cursor.buffer(), 0, 0, 1_000_000_000), cursor, 1, 0, "");
        record.follows = follows;
        return record;
    }

    private @Nullable LeasedRecord ended(LeasedRecord record, boolean acked) {
        return lines.ended(record, acked, dropped::add);
    }

    @Test
    void theNextOfAKeyIsHandedOutWhenTheOneBeforeItIsDone() throws Exception {
        LeasedRecord first = record("a", false);
        LeasedRecord second = record("a", true);
        LeasedRecord third = record("a", true);
        LeasedRecord other = record("b", false);
        assertEquals(Place.FIRST, lines.add(first));
        assertEquals(Place.FIRST, lines.add(other));
        assertEquals(Place.BEHIND, lines.add(second));
        assertEquals(Place.BEHIND, lines.add(third));

        assertNull(ended(second, true), "it is not its turn");
        assertEquals(second, ended(first, true));
        assertNull(ended(first, true), "said twice");
        assertEquals(third, ended(second, true));
        assertNull(ended(third, true));
        assertEquals(Place.FIRST, lines.add(record("a", true)), "the one before it is done");
        assertEquals(List.of(), dropped);
    }

    @Test
    void whatWasGrantedBehindOneThatComesBackIsDroppedAlsoWhatComesLater() throws Exception {
        LeasedRecord first = record("a", false);
        LeasedRecord second = record("a", true);
        lines.add(first);
        lines.add(second);

        assertNull(ended(first, false));
        assertEquals(List.of(second), dropped);
        assertEquals(Place.NONE, lines.add(record("a", true)), "it was on its way");

        LeasedRecord again = record("a", false);
        assertEquals(Place.FIRST, lines.add(again), "granted anew");
        assertEquals(Place.BEHIND, lines.add(record("a", true)));
        lines.answered(first);
        assertEquals(Place.BEHIND, lines.add(record("a", true)), "the answer came late");
    }

    @Test
    void whatWasGrantedAnewBeforeTheOldOneEndedStays() throws Exception {
        LeasedRecord first = record("a", false);
        LeasedRecord behind = record("a", true);
        LeasedRecord again = record("a", false);
        LeasedRecord behindThat = record("a", true);
        lines.add(first);
        lines.add(behind);
        lines.add(again);
        lines.add(behindThat);

        assertEquals(again, ended(first, false));
        assertEquals(List.of(behind), dropped);
        assertEquals(behindThat, ended(again, true));
    }

    @Test
    void whatTheBrokerHasTakenBackIsDroppedOnce() throws Exception {
        LeasedRecord first = record("a", false);
        LeasedRecord second = record("a", true);
        LeasedRecord third = record("a", true);
        LeasedRecord anew = record("a", false);
        for (LeasedRecord record : List.of(first, second, third, anew)) {
            lines.add(record);
        }
        assertEquals(second, ended(first, true));

        assertEquals(second, lines.takenBack(first, dropped::add), "handed out, though its lease is over");
        assertEquals(List.of(third), dropped);
        assertNull(lines.takenBack(third, dropped::add));
        assertEquals(second, lines.takenBack(first, dropped::add));
        assertEquals(List.of(third), dropped);
        assertEquals(anew, ended(second, false));
        assertEquals(Place.BEHIND, lines.add(record("a", true)));
    }

    @Test
    void aLineGoesOnBehindOneInItThatTheBrokerHasTakenBack() throws Exception {
        LeasedRecord first = record("a", false);
        LeasedRecord second = record("a", true);
        LeasedRecord third = record("a", true);
        for (LeasedRecord record : List.of(first, second, third)) {
            lines.add(record);
        }
        assertNull(lines.takenBack(second, dropped::add));
        LeasedRecord anew = record("a", false);
        assertEquals(Place.BEHIND, lines.add(anew));

        assertEquals(second, ended(first, true));
        assertEquals(anew, ended(second, false), "it is not lost behind what was dropped");
        assertEquals(List.of(third), dropped);
    }

    @Test
    void theAnswerForgetsTheKey() throws Exception {
        LeasedRecord first = record("a", false);
        lines.add(first);
        assertNull(ended(first, false));
        lines.answered(first);
        assertEquals(Place.FIRST, lines.add(record("a", true)), "nothing is known of it any more");
    }

    @Test
    void withoutAKeyNothingWaits() throws Exception {
        LeasedRecord one = record(null, false);
        assertEquals(Place.FIRST, lines.add(one));
        assertEquals(Place.FIRST, lines.add(record(null, false)));
        assertNull(ended(one, true));
        lines.answered(one);
    }

    @Test
    void tellsOfAllThatWaitBehindOthers() throws Exception {
        LeasedRecord first = record("a", false);
        LeasedRecord second = record("a", true);
        LeasedRecord other = record("b", false);
        LeasedRecord otherSecond = record("b", true);
        for (LeasedRecord record : List.of(first, other, second, otherSecond)) {
            lines.add(record);
        }
        List<LeasedRecord> behind = new ArrayList<>();
        lines.forEachBehind(behind::add);
        assertEquals(2, behind.size());
        assertEquals(behind, lines.takeBehind());
        assertEquals(List.of(), lines.takeBehind());
        assertNull(ended(first, true));
    }
}
