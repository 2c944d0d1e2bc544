package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakeBroker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A broker whose deliveries are whole and not the ones that come next. A batch holds ten records; a delivery, a batch. */
@Timeout(60)
class DeliveryOrderTest {
    private static final Duration WAIT = Duration.ofSeconds(5);

    private final FakeBroker broker = new FakeBroker();
    private final HeadwaterClient client =
            HeadwaterClient.builder().server(broker.server()).timeout(WAIT).build();
    private final AtomicInteger deliveries = new AtomicInteger();

    @BeforeEach
    void createTopic() {
        broker.createTopic("t", 2);
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    /** Batches of ten, the next numbers; the event time counts the batches. */
    private void fill(int partition, int from, int until) {
        try (Producer producer = client.producer().linger(Duration.ofSeconds(5)).build()) {
            for (int i = from; i < until; i++) {
                if (i % 10 == 0) {
                    producer.flush();
                }
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i)
                        .withPartition(partition)
                        .withEventTimeMs(i / 10));
            }
            producer.flush();
        }
    }

    private StreamConsumer.Builder consumer() {
        return client.streamConsumer().partitions(new StreamConsumer.TopicPartition("t", 0));
    }

    private static List<Integer> range(int from, int until) {
        return IntStream.range(from, until).boxed().toList();
    }

    private static int number(ConsumedRecord record) {
        return Integer.parseInt(new String(record.value(), StandardCharsets.UTF_8));
    }

    /** Until its end, or until nothing comes any more. */
    private static void readOn(StreamConsumer consumer, List<Integer> seen) {
        List<ConsumedRecord> records;
        do {
            records = consumer.poll(WAIT);
            records.forEach(record -> seen.add(number(record)));
        } while (!records.isEmpty() && !consumer.isAtEnd());
    }

    /** Reads until that failure; what was handed out before it is {@code seen}. */
    private static HeadwaterException failure(StreamConsumer consumer, List<Integer> seen) {
        HeadwaterException failure = assertThrows(HeadwaterException.Rejected.class, () -> readOn(consumer, seen));
        assertEquals("OUT_OF_ORDER_DELIVERY", failure.code(), failure.getMessage());
        return failure;
    }

    @Test
    void noticesABatchThatIsLeftOut() {
        fill(0, 0, 50);
        broker.courier((deliver, entries, out) -> {
            if (deliveries.getAndIncrement() != 2) {
                out.accept(deliver, entries);
            }
        });
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer().build()) {
            HeadwaterException failure = failure(consumer, seen);
            assertTrue(failure.getMessage().contains("t-0"), failure.getMessage());
            assertTrue(failure.getMessage().contains("offset 20 was expected"), failure.getMessage());
            assertTrue(failure.getMessage().contains("30 to 39"), failure.getMessage());
            assertEquals(range(0, 20), seen);
            assertEquals(List.of(), consumer.poll(Duration.ofMillis(50)), "what lies behind the gap");
            consumer.seek("t", 0, Position.offset(20));
            while (seen.size() < 50) {
                List<ConsumedRecord> records = consumer.poll(WAIT);
                assertFalse(records.isEmpty());
                records.forEach(record -> seen.add(number(record)));
            }
            assertEquals(range(0, 50), seen);
        }
    }

    @Test
    void noticesABatchThatIsLeftOutInFrontOfTheEndBound() {
        fill(0, 0, 50);
        // By a broker that thinks it has sent everything.
        broker.courier((deliver, entries, out) ->
                out.accept(deliver, deliveries.getAndIncrement() == 2 ? new byte[0] : entries));
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer().until(Position.offset(30)).build()) {
            failure(consumer, seen);
        }
        assertEquals(range(0, 20), seen);
    }

    @Test
    void noticesABatchBehindTheEndBoundInPlaceOfTheLastOne() {
        fill(0, 0, 50);
        byte[] behind = broker.on(self -> self.partition("t", 0).entries.get(3).bytes());
        broker.courier((deliver, entries, out) -> {
            if (deliveries.getAndIncrement() == 2) {
                out.accept(deliver.toBuilder().setNextOffset(40).build(), behind);
            } else {
                out.accept(deliver, entries);
            }
        });
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer().until(Position.offset(30)).build()) {
            failure(consumer, seen);
        }
        assertEquals(range(0, 20), seen);
    }

    @Test
    void noticesABatchThatIsSentTwice() {
        fill(0, 0, 50);
        broker.courier((deliver, entries, out) -> {
            out.accept(deliver, entries);
            if (deliveries.getAndIncrement() == 2) {
                out.accept(deliver, entries);
            }
        });
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer().build()) {
            failure(consumer, seen);
        }
        assertEquals(range(0, 30), seen);
    }

    @Test
    void noticesABatchThatIsSentTwiceUnderAFilter() {
        fill(0, 0, 50);
        byte[] second = broker.on(self -> self.partition("t", 0).entries.get(1).bytes());
        broker.courier((deliver, entries, out) -> {
            out.accept(deliver, entries);
            if (deliveries.getAndIncrement() == 2) {
                out.accept(deliver, second);
            }
        });
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer()
                .from(Position.eventAt(Instant.ofEpochMilli(1)))
                .until(Position.eventAt(Instant.ofEpochMilli(5)))
                .build()) {
            failure(consumer, seen);
            assertEquals(List.of(), consumer.poll(Duration.ofMillis(50)), "nothing is read behind a failure");
        }
        assertEquals(range(10, 40), seen);
    }

    @Test
    void noticesADeliveryThatPromisesToGoOnBeforeItsEnd() {
        fill(0, 0, 50);
        broker.courier((deliver, entries, out) -> {
            boolean third = deliveries.getAndIncrement() == 2;
            out.accept(third ? deliver.toBuilder().setNextOffset(20).build() : deliver, entries);
        });
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer().build()) {
            failure(consumer, seen);
        }
        assertEquals(range(0, 30), seen);
    }

    @Test
    void noticesABatchUnderTheSubscriptionOfAnotherPartition() {
        fill(0, 0, 50);
        fill(1, 0, 20);
        // Where the other one is beyond it or not there yet, and where it would be the very next.
        for (long astray : List.of(40L, 10L)) {
            broker.courier((deliver, entries, out) -> {
                boolean goesAstray = deliver.getEndOffset() == 50 && deliver.getNextOffset() == astray;
                // Subscriptions come in pairs, from 1 on.
                int id = deliver.getSubscriptionId();
                int to = goesAstray ? ((id - 1) ^ 1) + 1 : id;
                out.accept(deliver.toBuilder().setSubscriptionId(to).build(), entries);
            });
            // Both are subscribed at once, before anything is delivered.
            try (StreamConsumer consumer =
                    client.streamConsumer().topics("t").from(Position.offset(0)).build()) {
                failure(consumer, new ArrayList<>());
            }
        }
    }

    @Test
    void getsAgainWhatWasDeliveredUnderASubscriptionThatIsNotThere() {
        fill(0, 0, 50);
        broker.courier((deliver, entries, out) -> {
            // The last one: no later delivery would show the gap.
            boolean astray = deliveries.getAndIncrement() == 4;
            int id = astray ? 77 : deliver.getSubscriptionId();
            out.accept(deliver.toBuilder().setSubscriptionId(id).build(), entries);
        });
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = consumer().until(Position.end()).build()) {
            readOn(consumer, seen);
        }
        assertEquals(range(0, 50), seen);
        assertEquals(2, (int) broker.on(self -> self.connections));
    }

    @Test
    void keepsTheConnectionWhenADeliveryCrossesTheEndOfItsSubscription() {
        fill(0, 0, 1000);
        try (StreamConsumer consumer = consumer().maxPollRecords(5).build()) {
            for (int i = 0; i < 100; i++) {
                int from = i * 7 % 900;
                assertFalse(consumer.poll(WAIT).isEmpty());
                consumer.seek("t", 0, Position.offset(from));
                assertEquals(from, number(consumer.poll(WAIT).get(0)));
            }
        }
        try (StreamConsumer consumer = consumer().until(Position.offset(995)).build()) {
            List<Integer> seen = new ArrayList<>();
            readOn(consumer, seen);
            assertEquals(range(0, 995), seen);
        }
        assertEquals(1, (int) broker.on(self -> self.connections));
    }
}
