package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a produce frame may hold and how it is answered, byte by byte. */
class ProduceTest {
    private static final int OWNERS = 2;

    @TempDir
    Path directory;

    private final AtomicLong clockMs = new AtomicLong(1_700_000_000_000L);
    private Broker broker;
    private RawClient client;

    @BeforeEach
    void starts() throws Exception {
        broker = start();
        client = RawClient.connected(broker.port());
    }

    @AfterEach
    void stops() throws Exception {
        client.close();
        broker.close();
    }

    private Broker start() throws Exception {
        return Broker.start(
                BrokerConfig.onFreePorts(directory).withThreads(new BrokerConfig.Threads(1, OWNERS)),
                Ports.real().withEpochClock(clockMs::get));
    }

    private void restart() throws Exception {
        stops();
        starts();
    }

    @Test
    void acknowledgesWithOffsetTimeAndLevel() throws Exception {
        long partition = topic("orders");

        ProduceResult first = client.produce(partition, Batches.of("a", "b", "c"));
        ProduceResult second = client.produce(partition, Batches.of("d"));

        assertEquals(0, first.getBaseOffset());
        assertEquals(3, second.getBaseOffset());
        assertEquals(clockMs.get(), first.getIngestionTimeMs());
        assertEquals(AckLevel.ACK_PERSISTED, first.getLevel());
        assertFalse(first.getDuplicate());
    }

    @Test
    void answersADuplicateWithItsFirstPositionAlsoAfterARestart() throws Exception {
        long partition = topic("orders");
        long producer = producerId();
        client.produce(partition, Batches.of("someone else's"));
        ProduceResult first = client.produce(partition, Batches.of(producer, 0, "a", "b"));
        client.produce(partition, Batches.of(producer, 2, "c"));
        clockMs.addAndGet(5000);

        ProduceResult again = client.produce(partition, Batches.of(producer, 0, "a", "b"));
        restart();
        ProduceResult afterRestart = client.produce(partition, Batches.of(producer, 0, "a", "b"));
        ProduceResult next = client.produce(partition, Batches.of(producer, 3, "d"));

        for (ProduceResult duplicate : List.of(again, afterRestart)) {
            assertTrue(duplicate.getDuplicate());
            assertEquals(first.getBaseOffset(), duplicate.getBaseOffset());
            assertEquals(first.getIngestionTimeMs(), duplicate.getIngestionTimeMs());
        }
        assertFalse(next.getDuplicate());
        assertEquals(4, next.getBaseOffset());
    }

    @Test
    void saysWhichOutcomeIsDefiniteAndWhichIsNot() throws Exception {
        long partition = topic("orders");
        long producer = producerId();
        for (int i = 0; i < 70; i++) {
            client.produce(partition, Batches.of(producer, i, "x"));
        }

        Error gap = client.produce(partition, Batches.of(producer, 75, "x")).getError();
        Error outside = client.produce(partition, Batches.of(producer, 0, "x")).getError();
        client.produce(partition, Batches.at(producer, 1, 0, 1000, "x"));
        Error fenced = client.produce(partition, Batches.of(producer, 70, "x")).getError();

        assertEquals(ErrorCode.ERROR_OUT_OF_ORDER_SEQUENCE, gap.getCode());
        assertFalse(gap.getUnknownOutcome());
        assertEquals(ErrorCode.ERROR_UNKNOWN_PRODUCER, outside.getCode());
        assertTrue(outside.getUnknownOutcome());
        assertEquals(ErrorCode.ERROR_PRODUCER_FENCED, fenced.getCode());
        assertFalse(fenced.getUnknownOutcome());
    }

    @Test
    void isSureOfWhatFollowsAFirstBatchThatItNeverGot() throws Exception {
        long partition = topic("orders");

        Error error =
                client.produce(partition, Batches.of(producerId(), 1, "second")).getError();

        assertEquals(ErrorCode.ERROR_OUT_OF_ORDER_SEQUENCE, error.getCode());
        assertFalse(error.getUnknownOutcome());
    }

    @Test
    void refusesAProducerIdThatItNeverGave() throws Exception {
        long partition = topic("orders");

        Error error = client.produce(partition, Batches.of(Long.MAX_VALUE, 0, "made up"))
                .getError();

        assertEquals(ErrorCode.ERROR_INVALID_REQUEST, error.getCode());
        assertFalse(error.getUnknownOutcome());
    }

    @Test
    void refusesTheIdsOfTheBrokersOwnProducers() throws Exception {
        long partition = topic("orders");
        for (long id : new long[] {-2, ~(partition << 31 | 1), Long.MIN_VALUE}) {
            Error error = client.produce(partition, Batches.of(id, 1, "forged")).getError();
            assertEquals(ErrorCode.ERROR_INVALID_REQUEST, error.getCode(), error.getMessage());
        }
        assertEquals(0, client.produce(partition, Batches.of("honest")).getBaseOffset());
    }

    /** What docs/protocol.md warns of. */
    @Test
    void doesNotRecogniseAMadeUpProducerIdInsideAReservedBlock() throws Exception {
        long partition = topic("orders");
        long madeUp = producerId() + 1;

        ProduceResult stored = client.produce(partition, Batches.of(madeUp, 0, "made up"));
        long given = producerId();
        ProduceResult honest = client.produce(partition, Batches.of(given, 0, "honest"));

        assertEquals("", stored.getError().getMessage());
        assertEquals(madeUp, given);
        assertTrue(honest.getDuplicate());
        assertEquals(stored.getBaseOffset(), honest.getBaseOffset());
    }

    @Test
    void neverStoresAgainWhatAForgottenProducerSentFirstWhateverTheClockSays() throws Exception {
        long partition = topic("orders");
        long forgotten = producerId();
        client.produce(partition, Batches.of(forgotten, 0, "once"));
        List<Long> others = new ArrayList<>();
        for (int i = 0; i < 2048; i++) {
            others.add(producerId());
        }
        List<Integer> sent = new ArrayList<>();
        for (long other : others) {
            sent.add(client.sendProduce(partition, Batches.of(other, 0, "x")));
        }
        for (int id : sent) {
            client.reply(id);
        }
        clockMs.addAndGet(3_600_000);

        Error before =
                client.produce(partition, Batches.of(forgotten, 0, "once")).getError();
        restart();
        Error after =
                client.produce(partition, Batches.of(forgotten, 0, "once")).getError();
        long fresh = producerId();
        ProduceResult next = client.produce(partition, Batches.of(fresh, 0, "new"));

        for (Error error : List.of(before, after)) {
            assertEquals(ErrorCode.ERROR_UNKNOWN_PRODUCER, error.getCode());
            assertTrue(error.getUnknownOutcome());
        }
        assertEquals(2049, next.getBaseOffset());
    }

    @Test
    void answersOneFrameOfManyPartitionsInItsOrder() throws Exception {
        Topic topic = client.createTopic("many", 10);
        Produce.Builder message = Produce.newBuilder();
        ByteArrayOutputStream attachment = new ByteArrayOutputStream();
        List<Long> partitions = new ArrayList<>();
        topic.getPartitionsList().forEach(p -> partitions.add(p.getPartitionId()));
        partitions.add(4, 123_456L); // no such partition
        for (int i = 0; i < partitions.size(); i++) {
            byte[] batch = Batches.of("value-" + i);
            if (i == 7) {
                batch[batch.length - 1] ^= 1;
            }
            attachment.write(batch);
            message.addBatches(
                    ProduceBatch.newBuilder().setPartitionId(partitions.get(i)).setBytes(batch.length));
        }

        Frame reply = client.call(FrameType.PRODUCE, message.build(), attachment.toByteArray());

        List<ProduceResult> results = reply.message(ProduceReply.class).getResultsList();
        assertEquals(11, results.size());
        for (int i = 0; i < results.size(); i++) {
            ErrorCode expected = i == 4
                    ? ErrorCode.ERROR_UNKNOWN_PARTITION
                    : i == 7 ? ErrorCode.ERROR_CORRUPT_BATCH : ErrorCode.ERROR_NONE;
            assertEquals(expected, results.get(i).getError().getCode(), "batch " + i);
        }
    }

    @Test
    void takesARecordOfExactlyTheLimitAndRefusesOneByteMore() throws Exception {
        long partition = topic("large");
        int limit = 1 << 20;
        int valueBytes = limit - 100;
        while (Batches.ofOne(valueBytes).length < limit) {
            valueBytes++;
        }

        ProduceResult atLimit = client.produce(partition, Batches.ofOne(valueBytes));
        ProduceResult above = client.produce(partition, Batches.ofOne(valueBytes + 1));

        assertEquals(ErrorCode.ERROR_NONE, atLimit.getError().getCode());
        assertEquals(ErrorCode.ERROR_RECORD_TOO_LARGE, above.getError().getCode());
        assertFalse(above.getError().getUnknownOutcome());
    }

    @Test
    void refusesSizesThatDoNotAddUp() throws Exception {
        long partition = topic("orders");
        byte[] batch = Batches.of("a");

        Error more = client.failure(FrameType.PRODUCE, RawClient.produceMessage(partition, batch.length + 1), batch);
        Error none = client.failure(FrameType.PRODUCE, Produce.getDefaultInstance());
        Error negative = client.failure(FrameType.PRODUCE, RawClient.produceMessage(partition, -5), batch);

        for (Error error : List.of(more, none, negative)) {
            assertEquals(ErrorCode.ERROR_INVALID_REQUEST, error.getCode());
        }
        assertEquals(0, client.produce(partition, batch).getBaseOffset());
        // What is refused is given back as well: else such frames would stop everybody's in the end.
        assertEquals(0, BrokerMetrics.value(broker, "headwater_in_flight_bytes"));
    }

    @Test
    void ingestionTimeNeverGoesBackWhenTheClockDoesAlsoOverARestart() throws Exception {
        long partition = topic("orders");
        long before = client.produce(partition, Batches.of("a")).getIngestionTimeMs();

        clockMs.addAndGet(-3_600_000);
        long during = client.produce(partition, Batches.of("b")).getIngestionTimeMs();
        restart();
        long after = client.produce(partition, Batches.of("c")).getIngestionTimeMs();
        clockMs.addAndGet(10 * 3_600_000);
        long later = client.produce(partition, Batches.of("d")).getIngestionTimeMs();

        assertEquals(before, during);
        assertEquals(before, after);
        assertEquals(clockMs.get(), later);
    }

    @ParameterizedTest
    @EnumSource(names = {"ACK_MEMORY", "ACK_REPLICATED"})
    void namesTheLevelOfATopicThatAsksForLess(AckLevel level) throws Exception {
        Frame created = client.call(
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder()
                        .setName("fast")
                        .setPartitions(1)
                        .setConfig(TopicConfig.newBuilder().setAckLevel(level))
                        .build());
        long partition = created.message(Topic.class).getPartitions(0).getPartitionId();

        ProduceResult result = client.produce(partition, Batches.of("a"));

        assertEquals(level, result.getLevel());
    }

    @Test
    void answersEveryRequestOfAPipelineInItsOrder() throws Exception {
        long partition = topic("orders");
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            ids.add(client.sendProduce(partition, Batches.of("v" + i)));
        }

        for (int i = 0; i < ids.size(); i++) {
            Frame reply = client.reply(ids.get(i));
            assertEquals(i, reply.message(ProduceReply.class).getResults(0).getBaseOffset());
        }
    }

    private long topic(String name) throws Exception {
        return client.createTopic(name, 1).getPartitions(0).getPartitionId();
    }

    private long producerId() throws Exception {
        return client.call(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance())
                .message(InitProducerReply.class)
                .getProducerId();
    }
}
