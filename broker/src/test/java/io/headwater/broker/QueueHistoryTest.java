package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.QueueHistory.Fate;
import io.headwater.client.AckLevel;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.RecordState;
import io.headwater.record.DeadLetterHeaders;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker itself: histories that the promises allow pass, and one that is wrong in one place does not. */
class QueueHistoryTest {
    private static final int RECORDS = 480;
    private static final String PLAIN = "plain";
    private static final String KEYED = "keyed";
    /** One of each kind. */
    private static final String DONE = "key-9/1";

    private static final String FAILS = "key-9/3";
    private static final String GIVEN_BACK = "key-9/5";
    private static final String DIES = "key-9/7";

    private static final long RUNS = System.currentTimeMillis() + 600_000;
    private static final long OVER = 0;
    private static final HeadwaterException STALE = new HeadwaterException.StaleLease("stale", RecordState.LEASED);
    private static final HeadwaterException UNKNOWN = new HeadwaterException.OutcomeUnknown("TIMEOUT", "no answer");

    /** What happens to a record in a group, or, with {@link QueueHistory#DEAD}, that it is in the dead-letter topic. */
    private record Event(
            String group,
            StubRecord record,
            boolean isAnswer,
            @Nullable HeadwaterException failure) {
        static Event handedOut(String group, StubRecord record) {
            return new Event(group, record, false, null);
        }

        static Event answered(String group, StubRecord record) {
            return new Event(group, record, true, null);
        }

        static Event refused(String group, StubRecord record, HeadwaterException why) {
            return new Event(group, record, true, why);
        }

        boolean isOf(String otherGroup, String value) {
            return group.equals(otherGroup) && record.valueText().equals(value);
        }

        boolean isLetter(String of, String value) {
            return isOf(QueueHistory.DEAD, value)
                    && Arrays.equals(record.headers().get(0).value(), of.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static RecordHeader header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Where records were acknowledged, and what happened then. */
    private static final class Story {
        final Map<String, StubRecord> sent = new LinkedHashMap<>();
        final List<String> answeredAgain = new ArrayList<>();
        final List<Event> events = new ArrayList<>();

        /** As it should be, without faults. */
        Story() {
            QueueHistory names = new QueueHistory("-");
            long[] next = new long[4];
            for (int n = 0; n < RECORDS; n++) {
                String value = names.sending(n);
                int partition = n % 4;
                sent.put(value, new StubRecord(partition, next[partition]++, value.split("/")[0], value));
                for (String group : QueueHistory.GROUPS) {
                    events.addAll(life(group, value));
                }
            }
        }

        private List<Event> life(String group, String value) {
            List<Event> events = new ArrayList<>();
            Fate fate = Fate.of(value);
            int deliveries = switch (fate) {
                case DONE -> 1;
                case FAILS_ONCE, IS_GIVEN_BACK_ONCE -> 2;
                case DIES -> QueueHistory.MAX_FAILURES;
            };
            for (int i = 1; i <= deliveries; i++) {
                StubRecord record = delivery(value, i, fate == Fate.IS_GIVEN_BACK_ONCE ? 0 : i - 1, RUNS);
                events.add(Event.handedOut(group, record));
                events.add(Event.answered(group, record));
            }
            if (fate == Fate.DIES) {
                events.add(letter(group, value));
            }
            return events;
        }

        StubRecord delivery(String value, int number, int failures, long leaseUntilMs) {
            StubRecord at = sent.get(value);
            return new StubRecord(
                    at.partition(), at.offset(), at.keyText(), value, number, failures, leaseUntilMs, List.of());
        }

        Event letter(String group, String value) {
            return letter(group, sent.get(value), QueueHistory.MAX_FAILURES);
        }

        static Event letter(String group, StubRecord of, int failures) {
            List<RecordHeader> headers = List.of(
                    header(DeadLetterHeaders.GROUP, group),
                    header(DeadLetterHeaders.FAILURES, Integer.toString(failures)),
                    header(
                            DeadLetterHeaders.ORIGIN,
                            DeadLetterHeaders.origin(QueueHistory.JOBS, of.partition(), of.offset())));
            return Event.handedOut(
                    QueueHistory.DEAD, new StubRecord(0, 0, of.keyText(), of.valueText(), 1, 0, 0, headers));
        }

        /** The first of those. */
        int find(Predicate<Event> which) {
            for (int i = 0; i < events.size(); i++) {
                if (which.test(events.get(i))) {
                    return i;
                }
            }
            throw new AssertionError("there is none");
        }

        /** What is told happens to a record in place of what should. Its letters stay. */
        Telling instead(String group, String value) {
            int place = find(each -> each.isOf(group, value));
            events.removeIf(each -> each.isOf(group, value));
            return new Telling(group, value, place);
        }

        /** And this when that is over. */
        Telling then(String group, String value) {
            int place = 0;
            for (int i = 0; i < events.size(); i++) {
                place = events.get(i).isOf(group, value) ? i + 1 : place;
            }
            return new Telling(group, value, place);
        }

        /** Events of one record after the other, from a place on. */
        final class Telling {
            private final String group;
            private String value;
            private int place;

            Telling(String group, String value, int place) {
                this.group = group;
                this.value = value;
                this.place = place;
            }

            /** Another record of the same group. */
            Telling of(String other) {
                value = other;
                return this;
            }

            Telling out(int number, int failures) {
                return out(number, failures, RUNS);
            }

            Telling out(int number, int failures, long leaseUntilMs) {
                return handedOut(delivery(value, number, failures, leaseUntilMs));
            }

            Telling handedOut(StubRecord record) {
                return tell(Event.handedOut(group, record));
            }

            Telling ok(int number) {
                return tell(Event.answered(group, delivery(value, number, 0, RUNS)));
            }

            Telling stale(int number, long leaseUntilMs) {
                return refused(number, leaseUntilMs, STALE);
            }

            Telling refused(int number, long leaseUntilMs, HeadwaterException why) {
                return tell(Event.refused(group, delivery(value, number, 0, leaseUntilMs), why));
            }

            private Telling tell(Event event) {
                events.add(place++, event);
                return this;
            }
        }

        void replace(Predicate<Event> which, UnaryOperator<Event> with) {
            int place = find(which);
            events.set(place, with.apply(events.get(place)));
        }

        Event out(String group, String value, int number, int failures) {
            return Event.handedOut(group, delivery(value, number, failures, RUNS));
        }

        void check() {
            QueueHistory history = new QueueHistory("-");
            for (int n = 0; n < RECORDS; n++) {
                String value = history.sending(n);
                StubRecord at = sent.get(value);
                if (at != null) {
                    history.answered(value, acknowledgement(at), null);
                }
            }
            answeredAgain.forEach(value -> history.answered(value, acknowledgement(sent.get(value)), null));
            for (Event each : events) {
                if (each.isAnswer()) {
                    history.settled(each.group(), each.record(), each.failure());
                } else if (each.group().equals(QueueHistory.DEAD)) {
                    history.letter(each.record());
                } else {
                    var unused = history.handedOut(each.group(), each.record());
                }
            }
            history.check();
        }

        private static Acknowledgement acknowledgement(StubRecord at) {
            return new Acknowledgement(QueueHistory.JOBS, at.partition(), at.offset(), 0, false, AckLevel.PERSISTED);
        }
    }

    @Test
    void whatIsRightPasses() {
        Story right = new Story();
        right.check();
        assertEquals(
                2 * RECORDS / 12,
                right.events.stream()
                        .filter(each -> each.group().equals(QueueHistory.DEAD))
                        .count());
    }

    private static Arguments right(String what, Consumer<Story> change) {
        return Arguments.of(what, change);
    }

    /** What faults may lead to, and the promises allow. */
    private static Stream<Arguments> changes() {
        return Stream.of(
                right(
                        "a lease runs out: somebody else has it, and the first is told",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0, OVER)
                                .out(2, 0)
                                .ok(2)
                                .stale(1, OVER)),
                right(
                        "who acknowledges what others have done since is told that it is done",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0, OVER)
                                .out(2, 0)
                                .ok(1)
                                .ok(2)),
                right(
                        "it waits in a consumer until its lease is over",
                        story -> story.instead(PLAIN, DONE)
                                .out(2, 0)
                                .ok(2)
                                .out(1, 0, OVER)
                                .stale(1, OVER)),
                right(
                        "it waits in a consumer until others have done it",
                        story -> story.instead(PLAIN, DONE)
                                .out(2, 0)
                                .ok(2)
                                .out(1, 0, OVER)
                                .ok(1)),
                right(
                        "a release that comes too late is refused",
                        story -> story.instead(PLAIN, GIVEN_BACK)
                                .out(2, 0)
                                .out(1, 0, OVER)
                                .ok(2)
                                .stale(1, OVER)),
                right(
                        "deliveries that nobody has seen",
                        story -> story.instead(PLAIN, DONE).out(7, 0).ok(7)),
                right(
                        "a failure that counted is repeated too late to be remembered",
                        story -> story.instead(PLAIN, FAILS)
                                .out(1, 0)
                                .out(2, 1)
                                .stale(1, RUNS)
                                .ok(2)),
                right(
                        "a failure that did not count is answered so, and said again",
                        story -> story.instead(PLAIN, FAILS)
                                .out(1, 0, OVER)
                                .out(2, 0)
                                .stale(1, OVER)
                                .ok(2)
                                .out(3, 1)
                                .ok(3)),
                right("the next of a key before the answer to the one before", story -> {
                    story.instead(KEYED, "key-9/2");
                    story.instead(KEYED, DONE)
                            .out(1, 0)
                            .of("key-9/2")
                            .out(1, 0)
                            .of(DONE)
                            .ok(1)
                            .of("key-9/2")
                            .ok(1);
                }),
                right("who had two of a key lost both leases", story -> {
                    story.instead(KEYED, "key-9/2");
                    story.instead(KEYED, DONE)
                            .out(1, 0, OVER)
                            .of("key-9/2")
                            .out(1, 0, OVER)
                            .of(DONE)
                            .stale(1, OVER)
                            .of("key-9/2")
                            .stale(1, OVER)
                            .of(DONE)
                            .out(2, 0)
                            .ok(2)
                            .of("key-9/2")
                            .out(2, 0)
                            .ok(2);
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void whatIsAllowedPasses(String what, Consumer<Story> change) {
        Story story = new Story();
        change.accept(story);
        story.check();
        assertTrue(!story.events.equals(new Story().events), what);
    }

    private static Arguments wrong(String what, String seenAs, Consumer<Story> mutation) {
        return Arguments.of(what, seenAs, mutation);
    }

    private static Stream<Arguments> mutations() {
        return Stream.of(publishing(), leases(), counts(), orders(), ends()).flatMap(each -> each);
    }

    private static Stream<Arguments> publishing() {
        return Stream.of(
                wrong(
                        "a record was not acknowledged, and is there",
                        "was never acknowledged",
                        story -> story.sent.remove(DONE)),
                wrong(
                        "a record was acknowledged twice",
                        DONE + " was answered twice",
                        story -> story.answeredAgain.add(DONE)),
                wrong(
                        "nobody has sent it",
                        "key-9/12, delivery 1: nobody has sent that",
                        story -> story.then(PLAIN, DONE).handedOut(new StubRecord(1, 99, "key-9", "key-9/12"))),
                wrong(
                        "other bytes",
                        "kex-9/1, delivery 1: nobody has sent that",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, DONE),
                                each -> Event.handedOut(PLAIN, new StubRecord(1, 12, "key-9", "kex-9/1")))),
                wrong(
                        "another key",
                        "nobody has sent that with key-8",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, DONE),
                                each -> Event.handedOut(
                                        PLAIN,
                                        new StubRecord(
                                                1, each.record().offset(), "key-8", DONE, 1, 0, RUNS, List.of())))),
                wrong(
                        "at another offset than acknowledged",
                        "and was acknowledged at jobs/1:",
                        story -> story.sent.computeIfPresent(
                                DONE, (value, at) -> new StubRecord(1, at.offset() + 1, at.keyText(), value))),
                wrong(
                        "in another partition than acknowledged",
                        "and was acknowledged at jobs/2:",
                        story -> story.sent.computeIfPresent(
                                DONE, (value, at) -> new StubRecord(2, at.offset(), at.keyText(), value))),
                wrong(
                        "at another offset than before",
                        "and was at jobs/1:",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, FAILS) && each.record().deliveries() == 2,
                                each -> Event.handedOut(
                                        PLAIN, new StubRecord(1, 99, "key-9", FAILS, 2, 1, RUNS, List.of())))));
    }

    private static Stream<Arguments> leases() {
        return Stream.of(
                wrong(
                        "acknowledged and delivered again",
                        "acknowledged at delivery 1",
                        story -> story.then(PLAIN, DONE).out(2, 0, OVER).ok(2)),
                wrong(
                        "two have it at once",
                        "while somebody has delivery 1",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0)
                                .out(2, 0)
                                .ok(1)
                                .ok(2)),
                wrong(
                        "a lease is taken away",
                        "was taken from its consumer",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0)
                                .stale(1, RUNS)
                                .out(2, 0)
                                .ok(2)),
                wrong(
                        "a lease that is over, and is good for a failure",
                        "FAIL of delivery 1 was taken",
                        story -> story.instead(PLAIN, FAILS)
                                .out(2, 0)
                                .out(1, 0, OVER)
                                .ok(1)
                                .stale(2, RUNS)
                                .out(3, 1)
                                .ok(3)),
                wrong(
                        "a lease that is over, and is good for a release",
                        "RELEASE of delivery 1 was taken",
                        story -> story.instead(PLAIN, GIVEN_BACK)
                                .out(2, 0)
                                .out(1, 0, OVER)
                                .ok(1)
                                .ok(2)),
                wrong(
                        "an acknowledgement that was refused, and counted",
                        "was never acknowledged",
                        story -> story.instead(PLAIN, DONE).out(1, 0, OVER).stale(1, OVER)),
                wrong(
                        "delivered again and then done by the earlier one",
                        "acknowledged at delivery 1",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0, OVER)
                                .out(2, 0, OVER)
                                .stale(2, OVER)
                                .ok(1)),
                wrong(
                        "done by the earlier one, as is heard late",
                        "delivery 2 was refused, and nobody else",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0, OVER)
                                .out(2, 0, OVER)
                                .ok(1)
                                .stale(2, OVER)),
                wrong(
                        "a settlement fails otherwise",
                        "no answer",
                        story -> story.instead(PLAIN, DONE).out(1, 0).refused(1, RUNS, UNKNOWN)),
                wrong(
                        "a settlement is answered twice",
                        "was answered twice",
                        story -> story.then(PLAIN, DONE).ok(1)),
                wrong(
                        "a settlement is never answered",
                        "without an answer",
                        story -> story.instead(PLAIN, FAILS).out(1, 0).out(2, 1).ok(2)),
                wrong(
                        "what nobody has is settled",
                        "was settled by nobody",
                        story -> story.then(PLAIN, DONE).ok(2)));
    }

    private static Stream<Arguments> counts() {
        return Stream.of(
                wrong(
                        "a delivery twice",
                        "delivery 1 twice",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, GIVEN_BACK)
                                        && each.record().deliveries() == 2,
                                each -> story.out(PLAIN, GIVEN_BACK, 1, 0))),
                wrong(
                        "a delivery twice, before anything is answered",
                        "delivery 1 twice",
                        story -> story.instead(PLAIN, DONE)
                                .out(1, 0, OVER)
                                .out(1, 0, OVER)
                                .ok(1)),
                wrong(
                        "the count of deliveries goes back",
                        "after delivery 3",
                        story -> story.instead(PLAIN, FAILS)
                                .out(3, 0)
                                .ok(3)
                                .out(2, 0)
                                .stale(2, RUNS)
                                .out(4, 1)
                                .ok(4)),
                wrong(
                        "a failure is forgotten",
                        "has 1 failures (expected: at least 2",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, DIES) && each.record().deliveries() == 3,
                                each -> story.out(PLAIN, DIES, 3, 1))),
                wrong(
                        "a failure is confirmed when it is forgotten",
                        "has 0 failures (expected: at least 1",
                        story -> story.instead(PLAIN, DIES).out(1, 0).out(2, 0).ok(1)),
                wrong(
                        "a failure counts twice",
                        "has 2 failures (expected: at least 1, at most 1",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, FAILS) && each.record().deliveries() == 2,
                                each -> story.out(PLAIN, FAILS, 2, 2))),
                wrong(
                        "a failure that nobody said",
                        "has 1 failures (expected: at least 0, at most 0",
                        story -> story.replace(
                                each -> each.isOf(PLAIN, GIVEN_BACK)
                                        && each.record().deliveries() == 2,
                                each -> story.out(PLAIN, GIVEN_BACK, 2, 1))),
                wrong(
                        "a failure at the first delivery",
                        "has 1 failures (expected: at least 0, at most 0",
                        story -> story.replace(each -> each.isOf(PLAIN, DONE), each -> story.out(PLAIN, DONE, 1, 1))),
                wrong(
                        "a failure that was refused, and counted",
                        "has 1 failures (expected: at least 0, at most 0",
                        story -> story.instead(PLAIN, GIVEN_BACK)
                                .out(2, 0)
                                .out(1, 0, OVER)
                                .stale(1, OVER)
                                .out(3, 1)
                                .ok(3)),
                wrong(
                        "a late failure that was refused, and counted",
                        "has 2 failures (expected: at least 1, at most 1",
                        story -> story.instead(PLAIN, DIES)
                                .out(3, 0)
                                .ok(3)
                                .out(2, 0, OVER)
                                .stale(2, OVER)
                                .out(4, 2)
                                .ok(4)),
                wrong(
                        "it is dead and delivered again",
                        "delivery 4 of what is dead",
                        story -> story.then(PLAIN, DIES).out(4, 3).ok(4)));
    }

    private static Stream<Arguments> orders() {
        return Stream.of(
                wrong("the next of a key before anything is said of the one before", "came before " + DONE, story -> {
                    story.instead(KEYED, "key-9/2");
                    story.instead(KEYED, DONE)
                            .of("key-9/2")
                            .out(1, 0)
                            .of(DONE)
                            .out(1, 0)
                            .of("key-9/2")
                            .ok(1)
                            .of(DONE)
                            .ok(1);
                }),
                wrong("the next of a key while the one before has failed", "came before " + FAILS, story -> {
                    story.instead(KEYED, "key-9/4");
                    story.instead(KEYED, FAILS)
                            .out(1, 0)
                            .ok(1)
                            .of("key-9/4")
                            .out(1, 0)
                            .ok(1)
                            .of(FAILS)
                            .out(2, 1)
                            .ok(2);
                }),
                wrong("a key's record again when the next one is out", "came after a later one of its key", story -> {
                    story.instead(KEYED, "key-9/8");
                    story.instead(KEYED, DIES)
                            .out(1, 0)
                            .out(2, 1)
                            .out(3, 2)
                            .ok(1)
                            .ok(2)
                            .of("key-9/8")
                            .out(1, 0)
                            .of(DIES)
                            .out(4, 2)
                            .stale(3, RUNS)
                            .ok(4)
                            .of("key-9/8")
                            .ok(1);
                }),
                wrong(
                        "a key's record again when the next one is done",
                        "came after 2 of its key was acknowledged",
                        story -> {
                            story.instead(KEYED, "key-9/2");
                            story.instead(KEYED, DONE)
                                    .out(1, 0, OVER)
                                    .of("key-9/2")
                                    .out(1, 0)
                                    .ok(1)
                                    .of(DONE)
                                    .stale(1, OVER)
                                    .out(2, 0)
                                    .ok(2);
                        }));
    }

    private static Stream<Arguments> ends() {
        return Stream.of(
                wrong(
                        "never delivered",
                        "plain: " + DONE + " was never handed out",
                        story -> story.instead(PLAIN, DONE)),
                wrong(
                        "the last of a key, never delivered",
                        "keyed: key-9/11 was never handed out",
                        story -> story.instead(KEYED, "key-9/11")),
                wrong(
                        "given back, and never delivered again",
                        "was never acknowledged",
                        story -> story.instead(PLAIN, GIVEN_BACK).out(1, 0).ok(1)),
                wrong(
                        "dead, and not in the dead-letter topic",
                        "is in the dead-letter topic 0 times",
                        story -> story.events.removeIf(each -> each.isLetter(KEYED, DIES))),
                wrong(
                        "dead, and twice in the dead-letter topic",
                        "is in the dead-letter topic 2 times",
                        story -> story.events.add(story.letter(KEYED, DIES))),
                wrong(
                        "in the dead-letter topic, and acknowledged",
                        "topic: plain: " + DONE,
                        story -> story.events.add(story.letter(PLAIN, DONE))),
                wrong(
                        "a dead letter of another group",
                        "topic: other: " + DIES,
                        story -> story.events.add(story.letter("other", DIES))),
                wrong(
                        "a dead letter that nobody has sent",
                        "topic: plain: key-9/19",
                        story -> story.events.add(Story.letter(
                                PLAIN, new StubRecord(1, 99, "key-9", "key-9/19"), QueueHistory.MAX_FAILURES))),
                wrong(
                        "a dead letter with another key",
                        "topic: plain: " + DIES + " with key-8",
                        story -> story.replace(
                                each -> each.isLetter(PLAIN, DIES),
                                each -> Story.letter(
                                        PLAIN,
                                        new StubRecord(1, story.sent.get(DIES).offset(), "key-8", DIES),
                                        QueueHistory.MAX_FAILURES))),
                wrong(
                        "a dead letter of another place",
                        "topic: plain: " + DIES + " with key-9 of jobs/1:99",
                        story -> story.replace(
                                each -> each.isLetter(PLAIN, DIES),
                                each -> Story.letter(
                                        PLAIN, new StubRecord(1, 99, "key-9", DIES), QueueHistory.MAX_FAILURES))),
                wrong(
                        "dead with too few failures, as it says",
                        DIES + " died with 2 failures",
                        story -> story.replace(
                                each -> each.isLetter(PLAIN, DIES),
                                each -> Story.letter(PLAIN, story.sent.get(DIES), 2))),
                wrong(
                        "dead with too few failures, as consumers say",
                        "is dead after 2 failures",
                        story -> story.instead(PLAIN, DIES)
                                .out(1, 0)
                                .ok(1)
                                .out(2, 1)
                                .ok(2)),
                wrong(
                        "dead by a failure that came too late",
                        "is dead after 2 failures",
                        story -> story.instead(PLAIN, DIES)
                                .out(2, 0)
                                .ok(2)
                                .out(1, 0, OVER)
                                .stale(1, OVER)
                                .out(3, 1)
                                .ok(3)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutations")
    void whatIsWrongIsSeen(String what, String seenAs, Consumer<Story> mutation) {
        Story story = new Story();
        mutation.accept(story);
        AssertionError seen = assertThrows(AssertionError.class, story::check, what);
        assertTrue(String.valueOf(seen.getMessage()).contains(seenAs), () -> what + ": " + seen.getMessage());
    }

    @Test
    void aRecordThatWasNotTakenIsSeen() {
        QueueHistory history = new QueueHistory("-");
        history.answered(history.sending(0), null, UNKNOWN);
        assertThrows(AssertionError.class, history::checkNothingIsWrong);
    }
}
