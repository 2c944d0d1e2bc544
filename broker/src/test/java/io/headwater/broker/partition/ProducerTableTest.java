package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.headwater.broker.partition.ProducerTable.Verdict;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    void theBrokersOwnProducersAreNeverForgottenAndKnownByTheirLastBatch() {
        long id = InternalProducer.idOf(3, 9);
        append(id, EPOCH, 5, 10, 100);
        for (int other = 0; other < 2 * ProducerTable.MAX_PRODUCERS; other++) {
            append(other, EPOCH, 0, 1, 200 + other);
        }

        assertEquals(Verdict.DUPLICATE, judge(id, EPOCH, 5, 10));
        assertEquals(100, table.duplicateOffset(id));
        assertEquals(Verdict.DUPLICATE, judge(id, EPOCH, 5, 9), "some of it was erased");
        assertEquals(Verdict.UNKNOWN, judge(id, EPOCH, 4, 10));
        assertEquals(Verdict.APPEND, judge(id, EPOCH, 70, 1), "what lies between went elsewhere");
        assertEquals(Verdict.APPEND, judge(id, (short) 1, 0, 1), "numbers have more than 31 bits");
        assertEquals(Verdict.APPEND, judge(InternalProducer.idOf(3, 10), EPOCH, 1, 1));
        assertEquals(1, table.internal().size());
    }

    @Test
    void numbersAndIdsOfInternalProducersAreUnambiguous() {
        Set<Long> ids = new HashSet<>();
        for (long partition : new long[] {1, 2, 255, 1L << 31, (1L << 32) - 1}) {
            for (int group : new int[] {1, 2, 1 << 30, Integer.MAX_VALUE}) {
                long id = InternalProducer.idOf(partition, group);
                assertEquals(true, InternalProducer.isInternal(id) && ids.add(id), partition + " " + group);
            }
        }
        for (long number : new long[] {1, Integer.MAX_VALUE, 1L << 31, (1L << 46) - 1}) {
            assertEquals(
                    number,
                    InternalProducer.number(InternalProducer.epochOf(number), InternalProducer.sequenceOf(number)));
        }
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

        assertEquals(Verdict.UNKNOWN, judge(7, EPOCH, 0, 1));
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
    void isSureOfAProducerThatItNeverForgot() {
        // Its first batch never came this far, or its append failed.
        assertEquals(Verdict.OUT_OF_ORDER, judge(7, EPOCH, 10, 10));
        assertEquals(Verdict.APPEND, judge(7, EPOCH, 0, 10));
        assertEquals(Verdict.OUT_OF_ORDER, judge(7, EPOCH, 10, 10));
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
    void makesRoomByForgettingTheOneThatWroteLeastLately() {
        for (int producer = 0; producer < ProducerTable.MAX_PRODUCERS; producer++) {
            append(producer, EPOCH, 0, 1, producer);
        }
        append(0, EPOCH, 1, 1, 5000);

        append(9000, EPOCH, 0, 1, 5001);

        assertEquals(ProducerTable.MAX_PRODUCERS, table.size());
        assertEquals(Verdict.DUPLICATE, judge(0, EPOCH, 0, 1));
        assertNull(table.window(1));
        assertEquals(1, table.forgottenUpTo());
    }

    @Test
    void neverTakesForNewWhatAForgottenProducerMayHaveStored() {
        for (int producer = 10; producer < 10 + ProducerTable.MAX_PRODUCERS; producer++) {
            append(producer, EPOCH, 0, 1, producer);
        }
        append(9000, EPOCH, 0, 1, 5000);

        assertEquals(Verdict.UNKNOWN, judge(10, EPOCH, 0, 1));
        assertEquals(Verdict.UNKNOWN, judge(10, EPOCH, 1, 1));
        assertEquals(Verdict.UNKNOWN, judge(10, (short) 1, 0, 1));
        // Lower ones may have been forgotten as well, as far as anybody can tell.
        assertEquals(Verdict.UNKNOWN, judge(9, EPOCH, 0, 1));
        assertEquals(Verdict.APPEND, judge(9001, EPOCH, 0, 1));
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
                Verdict verdict = real.judge(1, EPOCH, batch[0], batch[1]);
                int place = model.indexOf(batch);
                if (old && place >= Math.max(0, model.size() - 64)) {
                    assertEquals(Verdict.DUPLICATE, verdict);
                    assertEquals(batch[2], real.duplicateOffset(1));
                } else if (old) {
                    assertEquals(Verdict.UNKNOWN, verdict);
                } else if (batch[0] != next) {
                    assertEquals(Verdict.OUT_OF_ORDER, verdict);
                } else {
                    assertEquals(Verdict.APPEND, verdict);
                    real.noted(1, EPOCH, batch[0], batch[1], batch[2], step);
                    model.add(batch);
                    next = batch[0] + batch[1];
                }
            }
        });
    }

    @Test
    void neverStoresTwiceHoweverManyProducersThereAreAndLeadsToTheSameAgain() {
        Seeds.run(20, random -> {
            ProducerTable real = new ProducerTable();
            Set<List<Integer>> stored = new HashSet<>();
            List<int[]> log = new ArrayList<>();
            ByteBuffer checkpoint = CheckpointCodec.encode(real, new PositionTable(), List.of());
            int checkpointAt = 0;
            int producers = random.nextInt(2000, 8000);
            for (int step = 0; step < 12_000; step++) {
                int producer = random.nextInt(producers);
                int sequence = random.nextInt(3);
                Verdict verdict = real.judge(producer, EPOCH, sequence, 1);
                if (verdict == Verdict.OUT_OF_ORDER || verdict == Verdict.APPEND) {
                    assertFalse(stored.contains(List.of(producer, sequence)), verdict + " of what is stored");
                }
                if (verdict == Verdict.APPEND) {
                    real.noted(producer, EPOCH, sequence, 1, log.size(), 0);
                    stored.add(List.of(producer, sequence));
                    log.add(new int[] {producer, sequence});
                    if (random.nextInt(1000) == 0) {
                        checkpoint = CheckpointCodec.encode(real, new PositionTable(), List.of());
                        checkpointAt = log.size();
                    }
                }
            }
            ProducerTable replayed = new ProducerTable();
            CheckpointCodec.decode(
                    checkpoint,
                    replayed,
                    new PositionTable(),
                    new ReplayedQueues(new PartitionQueues(new HeapBudget(1 << 20))));
            for (int i = checkpointAt; i < log.size(); i++) {
                replayed.noted(log.get(i)[0], EPOCH, log.get(i)[1], 1, i, 0);
            }
            assertEquals(real.forgottenUpTo(), replayed.forgottenUpTo());
            for (int producer = 0; producer < producers; producer++) {
                for (int sequence = 0; sequence < 3; sequence++) {
                    assertEquals(
                            real.judge(producer, EPOCH, sequence, 1), replayed.judge(producer, EPOCH, sequence, 1));
                }
            }
        });
    }

    private Verdict judge(long producer, short epoch, int sequence, int records) {
        return table.judge(producer, epoch, sequence, records);
    }

    private void append(long producer, short epoch, int sequence, int records, long offset) {
        assertEquals(Verdict.APPEND, judge(producer, epoch, sequence, records));
        table.noted(producer, epoch, sequence, records, offset, 0);
    }
}
