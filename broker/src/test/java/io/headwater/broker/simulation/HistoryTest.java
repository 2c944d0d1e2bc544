package io.headwater.broker.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.StubRecord;
import io.headwater.client.AckLevel;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.Settlement.Verb;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker itself: histories that the promises allow pass, and one that is wrong in one place does not. */
class HistoryTest {
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 40;
    private static final HeadwaterException UNKNOWN = new HeadwaterException.OutcomeUnknown("TIMEOUT", "no answer");
    private static final HeadwaterException RETRIABLE = new HeadwaterException.Retriable("DISK_FULL", "refused");

    /** A step of a worker. */
    private interface Step {
        void take(History history);
    }

    /** What producers heard, what readers saw, what workers did, and what stands in the logs. */
    private static final class Story {
        final Map<String, Object> answers = new LinkedHashMap<>();
        final Map<String, Object> moreAnswers = new LinkedHashMap<>();
        final List<StubRecord> read = new ArrayList<>();
        /** Of each record, in the order of the logs. */
        final Map<StubRecord, List<Step>> work = new LinkedHashMap<>();

        final List<List<String>> logs = new ArrayList<>();
        boolean keyed = true;

        /** As it should be, without faults. */
        Story() {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                logs.add(new ArrayList<>());
            }
            for (int n = 0; n < RECORDS; n++) {
                store(n);
            }
        }

        static String value(int n) {
            return "p" + n % 3 + ":" + n + ":x";
        }

        static String key(int n) {
            return "k" + n % 5;
        }

        static int partition(int n) {
            return n % 7 % PARTITIONS;
        }

        private void store(int n) {
            List<String> log = logs.get(partition(n));
            StubRecord record = new StubRecord(partition(n), log.size(), key(n), value(n));
            log.add(value(n));
            answers.put(value(n), acknowledgement(record.partition(), record.offset(), AckLevel.PERSISTED));
            read.add(record);
            StubRecord delivery = delivery(record, 1, 0);
            work.put(record, List.of(out(delivery), says(delivery, Verb.ACK), taken(delivery)));
        }

        static Acknowledgement acknowledgement(int partition, long offset, AckLevel level) {
            return new Acknowledgement(World.TOPIC, partition, offset, 0, false, level);
        }

        StubRecord get(int n) {
            return read.stream()
                    .filter(each -> each.valueText().equals(value(n)))
                    .findFirst()
                    .orElseThrow();
        }

        static StubRecord delivery(StubRecord of, int number, int failures) {
            return new StubRecord(
                    of.partition(), of.offset(), of.keyText(), of.valueText(), number, failures, 0, List.of());
        }

        StubRecord delivery(int n, int number, int failures) {
            return delivery(get(n), number, failures);
        }

        static Step out(StubRecord delivery) {
            return history -> history.delivered(delivery);
        }

        static Step says(StubRecord delivery, Verb verb) {
            return history -> history.settling(delivery, verb);
        }

        static Step taken(StubRecord delivery) {
            return history -> history.settled(delivery);
        }

        /** Of number 9, in place of what should be. */
        void instead(Step... steps) {
            work.put(get(9), List.of(steps));
        }

        /** Of number 9. */
        void then(Step... steps) {
            List<Step> all = new ArrayList<>(work.get(get(9)));
            all.addAll(List.of(steps));
            work.put(get(9), all);
        }

        /** What is found in the log at the place of one of them, and was read there, is something else. */
        void replace(int n, String key, String value) {
            StubRecord record = get(n);
            logs.get(record.partition()).set((int) record.offset(), value);
            read.set(read.indexOf(record), new StubRecord(record.partition(), record.offset(), key, value));
        }

        /** Nobody has seen it, and it is not there. The last one of its partition. */
        void unstore(int n) {
            StubRecord record = get(n);
            List<String> log = logs.get(record.partition());
            assertEquals(log.size() - 1, record.offset());
            log.remove(log.size() - 1);
            read.remove(record);
            work.remove(record);
        }

        void swap(int one, int other) {
            List<String> log = logs.get(partition(one));
            int first = log.indexOf(value(one));
            int second = log.indexOf(value(other));
            log.set(first, value(other));
            log.set(second, value(one));
            Object answer = answers.get(value(one));
            answers.put(value(one), answers.get(value(other)));
            answers.put(value(other), answer);
            read.clear();
            work.clear();
        }

        void check() {
            History history = new History(AckLevel.PERSISTED);
            for (int n = 0; n < RECORDS; n++) {
                history.sending(value(n), key(n), partition(n));
            }
            answers.forEach((value, answer) -> answer(history, value, answer));
            moreAnswers.forEach((value, answer) -> answer(history, value, answer));
            assertEquals(0, history.unanswered());
            long[] next = new long[PARTITIONS];
            read.forEach(each -> history.read(each, next[each.partition()]++));
            work.values().forEach(steps -> steps.forEach(each -> each.take(history)));
            history.check(logs);
            if (!work.isEmpty()) {
                history.checkWork(logs, keyed);
            }
        }

        private static void answer(History history, String value, Object answer) {
            history.answered(
                    value,
                    answer instanceof Acknowledgement ack ? ack : null,
                    answer instanceof Throwable failure ? failure : null);
        }
    }

    // Steps of number 9

    private static StubRecord nine(int delivery, int failures) {
        return new Story().delivery(9, delivery, failures);
    }

    private static Step out(int delivery, int failures) {
        return Story.out(nine(delivery, failures));
    }

    private static Step says(int delivery, Verb verb) {
        return Story.says(nine(delivery, 0), verb);
    }

    private static Step taken(int delivery) {
        return Story.taken(nine(delivery, 0));
    }

    private static Step refused(int delivery) {
        return history -> history.refused(nine(delivery, 0));
    }

    @Test
    void whatIsRightPasses() {
        Story right = new Story();
        right.check();
        assertEquals(RECORDS, right.read.size());
    }

    private static Arguments right(String what, Consumer<Story> change) {
        return Arguments.of(what, change);
    }

    /** What faults may lead to, and the promises allow. */
    private static Stream<Arguments> changes() {
        return Stream.of(
                right("what is unknown is there", story -> story.answers.put(Story.value(9), UNKNOWN)),
                right("what is unknown is not there", story -> {
                    story.answers.put(Story.value(39), UNKNOWN);
                    story.unstore(39);
                }),
                right("what failed is not there", story -> {
                    story.answers.put(Story.value(39), RETRIABLE);
                    story.unstore(39);
                }),
                right(
                        "a lease runs out, which may be charged",
                        story -> story.instead(
                                out(1, 0), out(3, 2), says(1, Verb.ACK), refused(1), says(3, Verb.ACK), taken(3))),
                right(
                        "who acknowledges what others do is told that it is done",
                        story -> story.instead(
                                out(1, 0), says(1, Verb.ACK), out(2, 1), says(2, Verb.ACK), taken(1), taken(2))),
                right(
                        "an earlier delivery is seen when the record is done",
                        story -> story.instead(out(2, 1), says(2, Verb.ACK), taken(2), out(1, 0))),
                right("who acknowledged it has died", story -> story.instead(out(1, 0), says(1, Verb.ACK))),
                right(
                        "failed, released, done",
                        story -> story.instead(
                                out(1, 0),
                                says(1, Verb.FAIL),
                                taken(1),
                                out(2, 1),
                                says(2, Verb.RELEASE),
                                taken(2),
                                out(3, 1),
                                says(3, Verb.ACK),
                                taken(3))),
                right("a group without keys has no order", story -> {
                    story.keyed = false;
                    List<Step> steps = story.work.remove(story.get(0));
                    story.work.put(story.get(0), steps);
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void whatIsAllowedPasses(String what, Consumer<Story> change) {
        Story story = new Story();
        change.accept(story);
        story.check();
        assertTrue(story.work.size() >= RECORDS - 1, what);
    }

    private static Arguments wrong(String what, String seenAs, Consumer<Story> mutation) {
        return Arguments.of(what, seenAs, mutation);
    }

    private static Stream<Arguments> mutations() {
        return Stream.of(producing(), reading(), working()).flatMap(each -> each);
    }

    private static Stream<Arguments> producing() {
        String nine = Story.value(9);
        return Stream.of(
                wrong("lost at the end", "is not there", story -> {
                    story.unstore(39);
                }),
                wrong("lost, and its place is another's", nine + " was acknowledged at", story -> {
                    List<String> log = story.logs.get(Story.partition(9));
                    log.remove(nine);
                    log.forEach(each -> story.answers.put(
                            each, Story.acknowledgement(Story.partition(9), log.indexOf(each), AckLevel.PERSISTED)));
                    story.read.clear();
                    story.work.clear();
                }),
                wrong(
                        "doubled",
                        nine + " stands at",
                        story -> story.logs.get(Story.partition(9)).add(nine)),
                wrong("in another order than sent", "comes after number", story -> story.swap(9, 18)),
                wrong(
                        "at another offset than acknowledged",
                        ", and stands at",
                        story -> story.answers.put(
                                nine, Story.acknowledgement(Story.partition(9), 30, AckLevel.PERSISTED))),
                wrong(
                        "the offset of a duplicate is another one",
                        ", and stands at",
                        story -> story.answers.put(
                                nine,
                                new Acknowledgement(World.TOPIC, Story.partition(9), 3, 0, true, AckLevel.PERSISTED))),
                wrong(
                        "in another partition than acknowledged",
                        "(expected: partition 0",
                        story -> story.answers.put(
                                nine, Story.acknowledgement(1, story.get(9).offset(), AckLevel.PERSISTED))),
                wrong(
                        "at another level than asked for",
                        ", PERSISTED)",
                        story -> story.answers.put(
                                nine, Story.acknowledgement(0, story.get(9).offset(), AckLevel.REPLICATED))),
                wrong(
                        "acknowledged twice",
                        nine + " was answered twice",
                        story -> story.moreAnswers.put(nine, story.answers.get(nine))),
                wrong(
                        "acknowledged, and then failed",
                        nine + " was answered twice",
                        story -> story.moreAnswers.put(nine, UNKNOWN)),
                wrong(
                        "unknown, and then acknowledged",
                        nine + " was answered twice",
                        story -> story.moreAnswers.put(nine, story.answers.put(nine, UNKNOWN))),
                wrong(
                        "failed, and then acknowledged",
                        nine + " was answered twice",
                        story -> story.moreAnswers.put(nine, story.answers.put(nine, RETRIABLE))),
                wrong(
                        "failed for certain, and there",
                        nine + " failed for certain",
                        story -> story.answers.put(nine, RETRIABLE)),
                wrong("nobody has sent it", "p0:40:x was never sent", story -> {
                    story.logs.get(1).add("p0:40:x");
                }),
                wrong("in the log of another partition", "was never sent", story -> {
                    StubRecord last = story.get(39);
                    story.unstore(39);
                    story.logs.get(1 - last.partition()).add(last.valueText());
                }));
    }

    private static Stream<Arguments> reading() {
        return Stream.of(
                wrong(
                        "offsets that are read are not dense",
                        "read 3 (expected: 2)",
                        story -> story.read.removeIf(each -> each.partition() == 0 && each.offset() == 2)),
                wrong("an offset is read twice", "read 2 (expected: 3)", story -> {
                    StubRecord second = story.read.stream()
                            .filter(each -> each.partition() == 0 && each.offset() == 2)
                            .findFirst()
                            .orElseThrow();
                    story.read.add(story.read.indexOf(second), second);
                }),
                wrong(
                        "nobody has sent what is read",
                        "k4=p0:9:y was never sent",
                        story -> story.replace(9, Story.key(9), "p0:9:y")),
                wrong(
                        "another key is read",
                        "k3=" + Story.value(9) + " was never sent",
                        story -> story.replace(9, "k3", Story.value(9))),
                wrong("it is read in another partition", "was never sent", story -> {
                    StubRecord last = story.get(39);
                    int other = 1 - last.partition();
                    story.unstore(39);
                    story.read.add(
                            new StubRecord(other, story.logs.get(other).size(), last.keyText(), last.valueText()));
                }),
                wrong("read, and not there", "was read, and is not there", story -> {
                    StubRecord last = story.get(39);
                    story.unstore(39);
                    story.answers.put(last.valueText(), UNKNOWN);
                    story.read.add(last);
                }),
                wrong("read, and something else is there", "was read, and is not there", story -> {
                    // Neighbours, of two producers.
                    List<StubRecord> seen = List.copyOf(story.read);
                    story.swap(7, 9);
                    story.answers.put(Story.value(7), UNKNOWN);
                    story.answers.put(Story.value(9), UNKNOWN);
                    story.read.addAll(seen);
                }),
                wrong("read, and delivered as another one", "delivered: " + Story.value(11), story -> {
                    StubRecord other = story.get(11);
                    StubRecord record = story.get(9);
                    story.work.put(
                            record,
                            List.of(Story.out(new StubRecord(
                                    record.partition(), record.offset(), other.keyText(), other.valueText()))));
                }));
    }

    private static Stream<Arguments> working() {
        return Stream.of(
                wrong("a delivery twice", "delivery 1 was there twice", story -> story.instead(out(1, 0), out(1, 0))),
                wrong(
                        "acknowledged and delivered again",
                        "delivery 1 was settled, and 2 comes after it",
                        story -> story.then(out(2, 0))),
                wrong(
                        "delivered again, before it was acknowledged",
                        "delivery 1 was settled, and 2 comes",
                        story -> story.instead(out(1, 0), says(1, Verb.ACK), out(2, 1), taken(1))),
                wrong(
                        "delivered again, and done by the earlier one",
                        "delivery 1 was settled, and 2 comes",
                        story -> story.instead(
                                out(1, 0), says(1, Verb.ACK), out(2, 1), says(2, Verb.ACK), refused(2), taken(1))),
                wrong(
                        "done by the earlier one, as is heard late",
                        "delivery 2 was refused, and nobody else",
                        story -> story.instead(
                                out(1, 0), says(1, Verb.ACK), out(2, 1), says(2, Verb.ACK), taken(1), refused(2))),
                wrong(
                        "two have it at once: both are good for something",
                        "RELEASE of delivery 1 was taken",
                        story -> story.instead(out(1, 0), out(2, 0), says(1, Verb.RELEASE), taken(1))),
                wrong(
                        "a lease that is over, and is good for a failure",
                        "FAIL of delivery 1 was taken",
                        story -> story.instead(out(2, 0), out(1, 0), says(1, Verb.FAIL), taken(1))),
                wrong("a settlement is answered twice", "delivery 1 was answered twice", story -> story.then(taken(1))),
                wrong(
                        "failures go back",
                        "has 0 failures (expected: at least 1",
                        story -> story.instead(out(2, 1), out(3, 0))),
                wrong(
                        "failures go back, as is seen late",
                        "has 2 failures (expected: at least 3",
                        story -> story.instead(out(5, 2), out(4, 3))),
                wrong(
                        "a confirmed failure is forgotten",
                        "has 0 failures (expected: at least 1",
                        story -> story.instead(out(1, 0), says(1, Verb.FAIL), taken(1), out(2, 0))),
                wrong(
                        "a failure is confirmed when it is forgotten",
                        "has 0 failures (expected: at least 1",
                        story -> story.instead(out(1, 0), says(1, Verb.FAIL), out(2, 0), taken(1))),
                wrong(
                        "a release counts",
                        "has 1 failures (expected: at least 0, at most 0)",
                        story -> story.instead(out(1, 0), says(1, Verb.RELEASE), taken(1), out(2, 1))),
                wrong(
                        "more failures than deliveries",
                        "has 1 failures (expected: at least 0, at most 0)",
                        story -> story.instead(out(1, 1))),
                wrong(
                        "a failure counts twice",
                        "has 2 failures (expected: at least 0, at most 1)",
                        story -> story.instead(out(1, 0), out(2, 2))),
                wrong(
                        "never delivered",
                        "nobody's acknowledgement was taken",
                        story -> story.work.remove(story.get(9))),
                wrong(
                        "delivered, and nobody said that it is done",
                        "nobody's acknowledgement was taken",
                        story -> story.instead(out(1, 0))),
                wrong(
                        "an acknowledgement that was refused, and counted",
                        "nobody's acknowledgement was taken",
                        story -> story.instead(out(1, 0), says(1, Verb.ACK), refused(1))),
                wrong("a later record of a key first", "before the one before it of its key was done", story -> {
                    List<Step> steps = story.work.remove(story.get(0));
                    story.work.put(story.get(0), steps);
                }),
                wrong(
                        "a later record of a key when the one before has failed",
                        "before the one before it of its key",
                        story -> {
                            // Numbers 0 and 20 are of one key and partition, and no other is between them.
                            List<Step> after = story.work.remove(story.get(20));
                            StubRecord first = story.delivery(0, 1, 0);
                            StubRecord second = story.delivery(0, 2, 1);
                            List<Step> steps = new ArrayList<>(
                                    List.of(Story.out(first), Story.says(first, Verb.FAIL), Story.taken(first)));
                            steps.addAll(after);
                            steps.addAll(List.of(Story.out(second), Story.says(second, Verb.ACK), Story.taken(second)));
                            story.work.put(story.get(0), steps);
                        }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutations")
    void whatIsWrongIsSeen(String what, String seenAs, Consumer<Story> mutation) {
        Story story = new Story();
        mutation.accept(story);
        History.Violation seen = assertThrows(History.Violation.class, story::check, what);
        assertTrue(String.valueOf(seen.getMessage()).contains(seenAs), () -> what + ": " + seen.getMessage());
    }

    @Test
    void anEndBelowWhatSomebodyWasToldIsSeen() {
        History history = new History(AckLevel.PERSISTED);
        history.sending("p0:0:", "k0", 0);
        history.answered("p0:0:", Story.acknowledgement(0, 0, AckLevel.PERSISTED), null);
        history.endRead(0, 1, history.toldUntil(0));
        history.read(new StubRecord(0, 0, "k0", "p0:0:"), 0);
        history.endRead(0, 1, history.toldUntil(0));
        assertEquals(2, history.ends);
        assertThrows(History.Violation.class, () -> history.endRead(0, history.toldUntil(0), 0));
    }
}
