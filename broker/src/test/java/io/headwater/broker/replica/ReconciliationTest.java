package io.headwater.broker.replica;

import static io.headwater.broker.replica.EpochTableTest.table;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.broker.replica.Reconciliation.Step;
import io.headwater.record.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReconciliationTest {
    @Test
    void aPrefixIsKeptWhole() {
        assertEquals(
                truncate(20), of(table(1, 0, 3, 10), 0, 40, table(1, 0, 3, 10).tail(0, 20, 64)));
    }

    @Test
    void whatTheLeaderNeverHadIsCut() {
        EpochTable leader = table(1, 0, 4, 12);

        assertEquals(truncate(12), of(leader, 0, 40, table(1, 0).tail(0, 15, 64)));
        assertEquals(truncate(10), of(leader, 0, 40, table(1, 0, 3, 10).tail(0, 20, 64)));
        assertEquals(truncate(40), of(leader, 0, 40, table(1, 0, 4, 12).tail(0, 50, 64)));
    }

    @Test
    void logsWithNothingInCommonStartAnew() {
        assertEquals(truncate(0), of(table(2, 0), 0, 5, table(1, 0).tail(0, 9, 64)));
        assertEquals(truncate(0), of(table(2, 0), 0, 5, new EpochTable().tail(0, 0, 64)));
    }

    @Test
    void olderRowsAreAskedForWhereTheyMayHelp() {
        EpochTable follower = table(1, 0, 3, 10, 5, 20);
        EpochTable leader = table(1, 0, 6, 8);

        assertEquals(Step.TELL_MORE, of(leader, 0, 40, follower.tail(0, 30, 2)).step());
        assertEquals(truncate(8), of(leader, 0, 40, follower.tail(0, 10, 2)));
    }

    @Test
    void whoEndsBeforeTheLeadersStartMustCopy() {
        assertEquals(
                Step.COPY, of(table(1, 0), 10, 40, table(1, 0).tail(0, 9, 64)).step());
        assertEquals(truncate(10), of(table(1, 0), 10, 40, table(1, 0).tail(0, 10, 64)));
        assertEquals(
                Step.COPY,
                of(table(1, 0), 10, 40, new EpochTable().tail(0, 0, 64)).step());
    }

    @Test
    void whoPartsBeforeTheLeadersStartMustCopy() {
        EpochTable follower = table(1, 0, 3, 5, 4, 6, 5, 7);

        assertEquals(
                Step.COPY, of(table(6, 10), 10, 40, follower.tail(0, 30, 64)).step());
        assertEquals(
                Step.COPY, of(table(6, 10), 10, 40, follower.tail(0, 30, 1)).step());
    }

    /** Two logs that share a history and went on each with leaders of its own. */
    @Test
    void findsWhatTwoLogsHaveInCommonInAnyNumberOfRounds() {
        Seeds.run(2_000, random -> {
            List<Integer> shared = history(random, new ArrayList<>(), 0, 10);
            int shorter = random.nextInt(shared.size() + 1);
            boolean prefix = random.nextInt(4) == 0;
            List<Integer> follower = new ArrayList<>(shared.subList(0, shorter));
            List<Integer> leader = new ArrayList<>(shared);
            if (!prefix) {
                history(random, follower, 1_000, 8);
            }
            history(random, leader, 2_000, 8);
            assertEquals(shorter, commonEnd(leader, follower, 1 + random.nextInt(3)));
        });
    }

    private static long commonEnd(List<Integer> leader, List<Integer> follower, int maxRows) {
        EpochTable table = tableOf(leader);
        LogTail tail = tableOf(follower).tail(0, follower.size(), maxRows);
        Reconciliation found = of(table, 0, leader.size(), tail);
        while (found.step() == Step.TELL_MORE) {
            tail = tableOf(follower).tail(0, tail.rows().get(0).firstIndex(), maxRows);
            found = of(table, 0, leader.size(), tail);
        }
        assertEquals(Step.TRUNCATE, found.step());
        return found.index();
    }

    private static List<Integer> history(SplittableRandom random, List<Integer> log, int baseEpoch, int epochs) {
        int epoch = baseEpoch;
        for (int i = random.nextInt(epochs + 1); i > 0; i--) {
            epoch += 1 + random.nextInt(3);
            for (int entries = 1 + random.nextInt(5); entries > 0; entries--) {
                log.add(epoch);
            }
        }
        return log;
    }

    private static EpochTable tableOf(List<Integer> log) {
        EpochTable table = new EpochTable();
        for (int i = 0; i < log.size(); i++) {
            table.append(log.get(i), i);
        }
        return table;
    }

    private static Reconciliation truncate(long index) {
        return new Reconciliation(Step.TRUNCATE, index);
    }

    private static Reconciliation of(EpochTable leader, long leaderStart, long leaderEnd, LogTail follower) {
        return Reconciliation.of(leader, leaderStart, leaderEnd, follower);
    }
}
