package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.AckLevel;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer.Acknowledgement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker itself: a history that is right passes, and one that is wrong in one place does not, whatever the place. */
class StreamHistoryTest {
    private static final int RECORDS = 400;
    private static final int PARTITIONS = 4;
    private static final HeadwaterException REJECTED = new HeadwaterException.Rejected("RECORD_TOO_LARGE", "refused");
    private static final HeadwaterException RETRIABLE = new HeadwaterException.Retriable("DISK_FULL", "refused");
    private static final HeadwaterException UNKNOWN = new HeadwaterException.OutcomeUnknown("TIMEOUT", "no answer");

    /** What was answered, by value; what was not acknowledged has a failure. And what a reader saw, in that order. */
    private static final class Story {
        final Map<String, Object> answers = new LinkedHashMap<>();
        final List<Map.Entry<String, Object>> moreAnswers = new ArrayList<>();
        final List<StubRecord> read = new ArrayList<>();

        /** As it should be. */
        Story() {
            long[] next = new long[PARTITIONS];
            for (int n = 0; n < RECORDS; n++) {
                String value = "record-" + n;
                int partition = n % 50 % PARTITIONS;
                long offset = next[partition]++;
                answers.put(value, acknowledgement(partition, offset, AckLevel.PERSISTED));
                read.add(new StubRecord(partition, offset, StreamHistory.key(value), value));
            }
        }

        static Acknowledgement acknowledgement(int partition, long offset, AckLevel level) {
            return new Acknowledgement(StreamHistory.TOPIC, partition, offset, 0, false, level);
        }

        /** Where in what was read it is. */
        int find(String value) {
            for (int i = 0; i < read.size(); i++) {
                if (read.get(i).valueText().equals(value)) {
                    return i;
                }
            }
            throw new AssertionError(value);
        }

        StubRecord get(String value) {
            return read.get(find(value));
        }

        void replace(String value, UnaryOperator<StubRecord> with) {
            read.set(find(value), with.apply(get(value)));
        }

        /** As if it had never been stored: others have its offset, and those behind it theirs. */
        void unstore(String value) {
            StubRecord gone = read.remove(find(value));
            read.replaceAll(each -> each.partition() == gone.partition() && each.offset() > gone.offset()
                    ? at(each, each.partition(), each.offset() - 1)
                    : each);
            answers.replaceAll((each, answer) -> answer instanceof Acknowledgement ack
                            && ack.partition() == gone.partition()
                            && ack.offset() > gone.offset()
                    ? acknowledgement(ack.partition(), ack.offset() - 1, ack.level())
                    : answer);
        }

        static StubRecord at(StubRecord record, int partition, long offset) {
            return new StubRecord(partition, offset, record.keyText(), record.valueText());
        }

        /** What stands at the one's place is the other, and the reverse; both were acknowledged where they are. */
        void swap(String one, String other) {
            int first = find(one);
            int second = find(other);
            StubRecord before = read.get(first);
            StubRecord behind = read.get(second);
            read.set(first, at(behind, before.partition(), before.offset()));
            read.set(second, at(before, behind.partition(), behind.offset()));
            Object answer = answers.get(one);
            answers.put(one, answers.get(other));
            answers.put(other, answer);
        }

        /** Where it is read now, and so that this partition has no holes; all of it is acknowledged there. */
        void place(String value, int partition) {
            long[] next = {0};
            read.replaceAll(
                    each -> each.partition() == partition || each.valueText().equals(value)
                            ? at(each, partition, next[0]++)
                            : each);
            for (StubRecord each : read) {
                answers.put(each.valueText(), acknowledgement(each.partition(), each.offset(), AckLevel.PERSISTED));
            }
        }

        void check() {
            StreamHistory history = new StreamHistory("-", 0);
            List<String> sent = new ArrayList<>();
            for (int n = 0; n < RECORDS; n++) {
                sent.add(history.sending());
            }
            assertEquals(RECORDS, sent.stream().distinct().count());
            answers.forEach((value, answer) -> answer(history, value, answer));
            moreAnswers.forEach(each -> answer(history, each.getKey(), each.getValue()));
            StreamHistory.Reading reading = history.new Reading();
            read.forEach(reading::add);
            reading.check("read");
            history.checkNothingFailed();
        }

        private static void answer(StreamHistory history, String value, Object answer) {
            history.answered(
                    value,
                    answer instanceof Acknowledgement ack ? ack : null,
                    answer instanceof Throwable failure ? failure : null);
        }
    }

    @Test
    void whatIsRightPasses() {
        Story right = new Story();
        right.check();
        assertEquals(RECORDS, right.read.size());
    }

    @Test
    void partitionsAreReadInAnyOrder() {
        Story story = new Story();
        story.read.sort((one, other) -> one.partition() - other.partition());
        story.check();
    }

    private static Arguments wrong(String what, String seenAs, Consumer<Story> mutation) {
        return Arguments.of(what, seenAs, mutation);
    }

    private static Stream<Arguments> mutations() {
        return Stream.of(
                wrong("lost at the beginning", "is at null", story -> story.read.remove(story.find("record-0"))),
                wrong("lost in the middle", "is at null", story -> story.read.remove(story.find("record-200"))),
                wrong(
                        "lost at the end",
                        "record-399 was acknowledged at 1@103 and is at null",
                        story -> story.read.remove(story.find("record-399"))),
                wrong(
                        "lost, and its place is another's",
                        "record-200 was acknowledged",
                        story -> story.unstore("record-200")),
                wrong(
                        "a partition that nobody read",
                        "is at null",
                        story -> story.read.removeIf(each -> each.partition() == 3)),
                wrong("doubled", "is there twice", story -> {
                    StubRecord last = story.get("record-399");
                    story.read.add(Story.at(story.get("record-349"), last.partition(), last.offset() + 1));
                }),
                wrong("read twice", "is there twice", story -> story.read.add(story.get("record-399"))),
                wrong(
                        "in another order than sent, with the same key",
                        "comes after",
                        story -> story.swap("record-7", "record-57")),
                wrong(
                        "in another order than sent, with other keys",
                        "comes after",
                        story -> story.swap("record-4", "record-8")),
                wrong("read in another order than stored", "not dense", story -> {
                    int place = story.find("record-4");
                    story.read.add(story.find("record-8"), story.read.remove(place));
                }),
                wrong(
                        "at another offset than acknowledged",
                        "was acknowledged at 0@2",
                        story -> story.answers.put("record-4", Story.acknowledgement(0, 2, AckLevel.PERSISTED))),
                wrong(
                        "in another partition than acknowledged",
                        "was acknowledged at 2@1",
                        story -> story.answers.put("record-4", Story.acknowledgement(2, 1, AckLevel.PERSISTED))),
                wrong(
                        "acknowledged of another topic",
                        "topic=other",
                        story -> story.answers.put(
                                "record-4", new Acknowledgement("other", 0, 1, 0, false, AckLevel.PERSISTED))),
                wrong(
                        "acknowledged of a partition that is none",
                        "record-4: Ack",
                        story -> story.answers.put("record-4", Story.acknowledgement(4, 1, AckLevel.PERSISTED))),
                wrong("a key in two partitions", "others of its key", story -> {
                    StubRecord moved = story.get("record-351");
                    story.unstore("record-351");
                    story.read.add(story.find("record-352"), moved);
                    story.place("record-351", 2);
                }),
                wrong(
                        "nobody has sent that number",
                        "nobody has sent record-400",
                        story -> story.read.add(new StubRecord(0, 104, StreamHistory.key("record-400"), "record-400"))),
                wrong(
                        "other bytes, of an unknown record",
                        "nobody has sent record-2x0",
                        story -> story.replace(
                                "record-200",
                                record -> new StubRecord(
                                        record.partition(), record.offset(), record.keyText(), "record-2x0"))),
                wrong(
                        "other bytes of the same number",
                        "nobody has sent record-0200",
                        story -> story.replace(
                                "record-200",
                                record -> new StubRecord(
                                        record.partition(), record.offset(), record.keyText(), "record-0200"))),
                wrong(
                        "another key",
                        "nobody has sent record-200 with key-1",
                        story -> story.replace(
                                "record-200",
                                record -> new StubRecord(
                                        record.partition(), record.offset(), "key-1", record.valueText()))),
                wrong(
                        "a hole",
                        "not dense at 1@",
                        story -> story.read.replaceAll(each -> each.partition() == 1 && each.offset() > 50
                                ? Story.at(each, 1, each.offset() + 1)
                                : each)),
                wrong(
                        "does not begin at 0",
                        "not dense at 2@1",
                        story -> story.read.replaceAll(
                                each -> each.partition() == 2 ? Story.at(each, 2, each.offset() + 1) : each)),
                wrong(
                        "an offset twice",
                        "not dense",
                        story -> story.replace(
                                "record-200", record -> Story.at(record, record.partition(), record.offset() - 1))),
                wrong(
                        "another level",
                        "REPLICATED",
                        story -> story.answers.put("record-0", Story.acknowledgement(0, 0, AckLevel.REPLICATED))),
                wrong(
                        "acknowledged twice",
                        "answered twice",
                        story -> story.moreAnswers.add(Map.entry("record-200", story.answers.get("record-200")))),
                wrong(
                        "acknowledged, and then failed",
                        "answered twice",
                        story -> story.moreAnswers.add(Map.entry("record-200", UNKNOWN))),
                wrong("never answered", "never answered", story -> story.answers.remove("record-200")),
                wrong("failed", "no answer", story -> story.answers.put("record-200", UNKNOWN)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutations")
    void whatIsWrongIsSeen(String what, String seenAs, Consumer<Story> mutation) {
        Story story = new Story();
        mutation.accept(story);
        AssertionError seen = assertThrows(AssertionError.class, story::check, what);
        assertTrue(String.valueOf(seen.getMessage()).contains(seenAs), () -> what + ": " + seen.getMessage());
    }

    private static String seen(Consumer<Story> mutation) {
        Story story = new Story();
        mutation.accept(story);
        return String.valueOf(assertThrows(AssertionError.class, story::check).getMessage());
    }

    /** That anything fails is reported at any rate, and what has become of it only where it is wrong. */
    @Test
    void whatFailedForCertainMustNotBeThereAndWhatIsUnknownMay() {
        String refused = "record-200 was refused";
        assertTrue(seen(story -> story.answers.put("record-200", REJECTED)).contains(refused));
        assertTrue(seen(story -> story.answers.put("record-200", RETRIABLE)).contains(refused));
        assertFalse(seen(story -> story.answers.put("record-200", UNKNOWN)).contains("record-200"));
        for (HeadwaterException failure : List.of(REJECTED, RETRIABLE, UNKNOWN)) {
            String without = seen(story -> {
                story.unstore("record-200");
                story.answers.put("record-200", failure);
            });
            assertFalse(without.contains("record-200"), without);
        }
    }

    @Test
    void aConsumerThatFailsWhenNothingElseHadIsSeen() {
        StreamHistory history = new StreamHistory("-", 0);
        StreamHistory.Reading reading = history.new Reading();
        history.checkNothingFailed();
        reading.check("read");
        history.failed(new IllegalStateException("the consumer is broken"));
        AssertionError seen = assertThrows(AssertionError.class, () -> reading.check("read"));
        assertTrue(String.valueOf(seen.getMessage()).contains("the consumer is broken"));
    }

    @Test
    void theLevelIsTheOneThatWasAskedFor() {
        StreamHistory history = new StreamHistory("-", 0).at(AckLevel.MEMORY);
        history.answered(history.sending(), Story.acknowledgement(0, 0, AckLevel.MEMORY), null);
        history.checkNothingFailed();
        history.answered(history.sending(), Story.acknowledgement(1, 0, AckLevel.PERSISTED), null);
        assertThrows(AssertionError.class, history::checkNothingFailed);
    }
}
