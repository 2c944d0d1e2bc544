package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;

/** What one call of grant handed out, against the model as it was before. */
final class Grants {
    private final QueueModel model;
    private final List<Receiver> receivers;
    private final int size;
    private final List<QueueModel.Rec> plain;
    private final List<QueueModel.Rec> suspects;
    /** Those that get nothing this time, or only their suspect. */
    private final List<Receiver> apart = new ArrayList<>();

    private int suspectsGranted;
    private int followers;

    Grants(QueueModel model, List<Receiver> receivers, int size) {
        this.model = model;
        this.receivers = receivers;
        this.size = size;
        this.plain = model.eligible(false);
        this.suspects = model.eligible(true);
    }

    int suspects() {
        return suspectsGranted;
    }

    int followers() {
        return followers;
    }

    void check(boolean bytesAreEnough) {
        receivers.forEach(receiver -> checkFollowers(receiver, bytesAreEnough));
        checkSuspects();
        checkOrder();
        checkNothingIsLeft();
        if (bytesAreEnough) {
            checkFairness();
        }
    }

    private static int firsts(Receiver receiver) {
        return receiver.size() - receiver.followers();
    }

    /** Behind the first of their keys, in the order of the log, without a gap, as many as there is room for. */
    private void checkFollowers(Receiver receiver, boolean bytesAreEnough) {
        followers += receiver.followers();
        int creditBefore = receiver.records() + receiver.followers();
        assertTrue(receiver.followers() <= creditBefore / 2, "followers take half of the credit: " + receiver);
        boolean mayHaveMore = bytesAreEnough && receiver.followers() < creditBefore / 2 && !hasASuspect(receiver);
        List<Long> given = new ArrayList<>();
        for (int i = firsts(receiver); i < receiver.size(); i++) {
            given.add(receiver.offset(i));
        }
        for (int i = 0; i < firsts(receiver); i++) {
            QueueModel.Rec first = model.records.get(receiver.offset(i));
            List<Long> line = lineBehind(first, receiver.recordsPerKey() - 1);
            List<Long> got = given.stream()
                    .filter(offset -> model.records.get(offset).key == first.key)
                    .toList();
            assertTrue(got.size() <= line.size(), "behind " + first + ": " + got + ", may have " + line);
            assertEquals(line.subList(0, mayHaveMore ? line.size() : got.size()), got, "behind " + first);
            given.removeAll(got);
        }
        assertEquals(List.of(), given, "behind nothing");
    }

    private boolean hasASuspect(Receiver receiver) {
        return receiver.size() == 1 && model.records.get(receiver.offset(0)).suspect;
    }

    private List<Long> lineBehind(QueueModel.Rec first, int most) {
        if (!model.policy.keyed() || first.suspect || first.failures > 0) {
            return List.of();
        }
        return model.records.tailMap(first.offset, false).values().stream()
                .filter(rec -> rec.key == first.key && QueueModel.waits(rec))
                .takeWhile(rec -> rec.state == RecordState.READY && !rec.suspect && rec.failures == 0)
                .limit(most)
                .map(rec -> rec.offset)
                .toList();
    }

    private void checkSuspects() {
        for (Receiver receiver : receivers) {
            boolean tests = receiver.session() != 0
                    && model.in(RecordState.LEASED).stream()
                            .anyMatch(rec -> rec.suspect && rec.session == receiver.session());
            if (tests) {
                assertEquals(0, receiver.size(), "who has a suspect gets nothing else");
                apart.add(receiver);
            }
        }
        boolean oneIsOut = model.in(RecordState.LEASED).stream().anyMatch(rec -> rec.suspect);
        if (suspects.isEmpty() || oneIsOut) {
            return;
        }
        List<Receiver> open =
                receivers.stream().filter(receiver -> wanted(receiver) > 0).toList();
        List<Receiver> idle = open.stream()
                .filter(receiver -> model.leasesOf(receiver.session()) == 0)
                .toList();
        if (!idle.isEmpty()) {
            Receiver tester = idle.get(0);
            assertEquals(1, tester.size(), "a suspect comes alone");
            assertEquals(suspects.get(0).offset, tester.offset(0));
            apart.add(tester);
            suspectsGranted++;
        } else if (!open.isEmpty()) {
            Receiver drained = open.stream()
                    .filter(receiver -> receiver.size() == 0 && receiver.records() > 0)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("nobody becomes idle for the suspects"));
            long drainedOnes =
                    open.stream().filter(receiver -> receiver.size() == 0).count();
            if (drainedOnes == 1) {
                apart.add(drained);
            } else {
                // Too few records to tell who it is: leave all that got nothing out of the comparison.
                open.stream().filter(receiver -> receiver.size() == 0).forEach(apart::add);
            }
        }
    }

    /** With what it was given. */
    private int wanted(Receiver receiver) {
        return receiver.bytes() + (long) receiver.size() * size <= 0 ? 0 : receiver.records() + receiver.size();
    }

    private void checkOrder() {
        List<Long> granted = new ArrayList<>();
        for (Receiver receiver : receivers) {
            for (int i = 0; i < firsts(receiver); i++) {
                granted.add(receiver.offset(i));
            }
        }
        int others = granted.size() - suspectsGranted;
        List<Long> best = plain.stream().limit(others).map(rec -> rec.offset).toList();
        List<Long> unexpected = new ArrayList<>(granted);
        unexpected.removeAll(best);
        assertEquals(suspectsGranted, unexpected.size(), "granted " + granted + ", best " + best);
        assertEquals(granted.size(), granted.stream().distinct().count(), "granted twice: " + granted);
        for (Receiver receiver : receivers) {
            int rank = -1;
            for (int i = 0; i < firsts(receiver) && others > 0; i++) {
                int next = best.indexOf(receiver.offset(i));
                assertTrue(next == -1 || next > rank, "not in order: " + granted);
                rank = Math.max(rank, next);
            }
        }
    }

    private void checkNothingIsLeft() {
        int others = receivers.stream().mapToInt(Grants::firsts).sum() - suspectsGranted;
        if (others == plain.size()) {
            return;
        }
        for (Receiver receiver : receivers) {
            boolean satisfied = receiver.records() == 0 || receiver.bytes() < size;
            assertTrue(
                    satisfied || apart.contains(receiver),
                    "records are left and " + receiver + " waits: " + receivers + " " + model.records.values());
        }
    }

    private void checkFairness() {
        for (Receiver hungry : receivers) {
            if (hungry.records() == 0 || apart.contains(hungry)) {
                continue;
            }
            for (Receiver other : receivers) {
                assertTrue(
                        apart.contains(other) || firsts(other) <= firsts(hungry) + 1,
                        firsts(other) + " records while another waits with " + firsts(hungry));
            }
        }
    }
}
