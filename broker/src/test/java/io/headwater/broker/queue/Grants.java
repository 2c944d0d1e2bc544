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

    void check(boolean bytesAreEnough) {
        checkSuspects();
        checkOrder();
        checkNothingIsLeft();
        if (bytesAreEnough) {
            checkFairness();
        }
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
            for (int i = 0; i < receiver.size(); i++) {
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
            for (int i = 0; i < receiver.size() && others > 0; i++) {
                int next = best.indexOf(receiver.offset(i));
                assertTrue(next == -1 || next > rank, "not in order: " + granted);
                rank = Math.max(rank, next);
            }
        }
    }

    private void checkNothingIsLeft() {
        int others = receivers.stream().mapToInt(Receiver::size).sum() - suspectsGranted;
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
                        apart.contains(other) || other.size() <= hungry.size() + 1,
                        other.size() + " records while another waits with " + hungry.size());
            }
        }
    }
}
