package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.broker.partition.ProducerTable.Verdict;
import io.headwater.record.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProducerTableTest {
    private static final short EPOCH = 0;
    private final ProducerTable table = new ProducerTable();

    @Test
    void appendsWhatFollowsAndRecognisesWhatWasThere() {
        append(7, EPOCH, 0, 10, 100);
        append(7, EPOCH, 10, 5, 110);

        assertEquals(Verdict.DUPLICATE, judge(7, EPOCH, 0, 10));
        assertEquals(100, table.duplicateOffset(7));
        assertEquals(Verdict.DUPLICATE, judge(7, EPOCH, 10, 5));
        assertEquals(110, table.duplicateOffset(7));
        assertEquals(Verdict.APPEND, judge(7, EPOCH, 15, 1));
    }

    @Test
    void refusesAGapUntilWhatIsMissingHasCome() {
        append(7, EPOCH, 0, 10, 100);

        assertEquals(Verdict.OUT_OF_ORDER, judge(7, EPOCH, 20, 10));
        append(7, EPOCH, 10, 10, 110);
        assertEquals(Verdict.APPEND, judge(7, EPOCH, 20, 10));
    }

    @Test
    void isNotFooledByABatchOfTheSameStartAndAnotherLength() {
        append(7, EPOCH, 0, 10, 100);

        assertEquals(Verdict.OUT_OF_ORDER, judge(7, EPOCH, 0, 9));
    }

    @Test
    void remembersExactlySixtyFourBatches() {
        for (int i = 0; i < 65; i++) {
            append(7, EPOCH, i, 1, i);
        }

        assertEquals(Verdict.OUTSIDE_WINDOW, judge(7, EPOCH, 0, 1));
        assertEquals(Verdict.DUPLICATE, judge(7, EPOCH, 1, 1));
        assertEquals(1, table.duplicateOffset(7));
    }

    @Test
    void fencesAnOlderEpochAndStartsANewerOneAtZero() {
        append(7, EPOCH, 0, 10, 100);

        assertEquals(Verdict.OUT_OF_ORDER, judge(7, (short) 1, 10, 1));
        append(7, (short) 1, 0, 3, 110);
        assertEquals(Verdict.FENCED, judge(7, EPOCH, 10, 1));
        assertEquals(Verdict.APPEND, judge(7, (short) 1, 3, 1));
    }

    @Test
    void saysOutOfOrderOfWhatFollowsAFirstBatchThatFailed() {
        assertEquals(Verdict.APPEND, judge(7, EPOCH, 0, 10));
        // The append failed, on a full disk for example: nothing is noted.
        assertEquals(Verdict.OUT_OF_ORDER, judge(7, EPOCH, 10, 10));
        assertEquals(Verdict.APPEND, judge(7, EPOCH, 0, 10));
    }

    @Test
    void doesNotKnowAProducerThatStartsInTheMiddle() {
        assertEquals(Verdict.OUTSIDE_WINDOW, judge(7, EPOCH, 5, 1));
    }

    @Test
    void goesOnWhereTheSequenceWraps() {
        int last = Integer.MAX_VALUE - 4;
        table.noted(7, EPOCH, last, 5, 100, 0);

        assertEquals(Verdict.APPEND, judge(7, EPOCH, 0, 1));
        append(7, EPOCH, 0, 1, 105);
        assertEquals(Verdict.DUPLICATE, judge(7, EPOCH, last, 5));
    }

    @Test
    void makesRoomOnlyAtTheCostOfAnIdleProducer() {
        for (int producer = 0; producer < ProducerTable.MAX_PRODUCERS; producer++) {
            table.noted(producer, EPOCH, 0, 1, producer, producer);
        }
        long stillActive = ProducerTable.MIN_IDLE_MS - 1;

        assertEquals(Verdict.TOO_MANY, table.judge(-5, EPOCH, 0, 1, stillActive));
        assertEquals(Verdict.APPEND, table.judge(-5, EPOCH, 0, 1, ProducerTable.MIN_IDLE_MS));
        assertEquals(ProducerTable.MAX_PRODUCERS, table.size());
        assertEquals(Verdict.OUTSIDE_WINDOW, table.judge(0, EPOCH, 1, 1, ProducerTable.MIN_IDLE_MS));
    }

    @Test
    void agreesWithAPlainListOfEverythingThatWasAppended() {
        Seeds.run(300, random -> {
            ProducerTable real = new ProducerTable();
            List<int[]> model = new ArrayList<>();
            int next = 0;
            for (int step = 0; step < 300; step++) {
                boolean old = random.nextBoolean() && !model.isEmpty();
                int[] batch = old
                        ? model.get(random.nextInt(model.size()))
                        : new int[] {next + random.nextInt(2), 1 + random.nextInt(9), step};
                Verdict verdict = real.judge(1, EPOCH, batch[0], batch[1], step);
                int place = model.indexOf(batch);
                if (old && place >= Math.max(0, model.size() - 64)) {
                    assertEquals(Verdict.DUPLICATE, verdict);
                    assertEquals(batch[2], real.duplicateOffset(1));
                } else if (old) {
                    assertEquals(Verdict.OUTSIDE_WINDOW, verdict);
                } else if (batch[0] != next) {
                    assertEquals(
                            model.isEmpty() && real.size() == 0 ? Verdict.OUTSIDE_WINDOW : Verdict.OUT_OF_ORDER,
                            verdict);
                } else {
                    assertEquals(Verdict.APPEND, verdict);
                    real.noted(1, EPOCH, batch[0], batch[1], batch[2], step);
                    model.add(batch);
                    next = batch[0] + batch[1];
                }
            }
        });
    }

    private Verdict judge(long producer, short epoch, int sequence, int records) {
        return table.judge(producer, epoch, sequence, records, 0);
    }

    private void append(long producer, short epoch, int sequence, int records, long offset) {
        assertEquals(Verdict.APPEND, judge(producer, epoch, sequence, records));
        table.noted(producer, epoch, sequence, records, offset, 0);
    }
}
