package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.Unsubscribe;
import io.headwater.protocol.wire.UnsubscribeReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the broker pushes: credit, bounds, filters, and how a subscription ends. */
class SubscribeTest {
    private static final long PLENTY = 1 << 30;

    @TempDir
    Path directory;

    private Broker broker;
    private RawClient client;

    @BeforeEach
    void starts() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory).withThreads(new BrokerConfig.Threads(1, 2)));
        client = RawClient.connected(broker.port());
    }

    @AfterEach
    void stops() throws Exception {
        client.close();
        broker.close();
    }

    @Test
    void pushesWhatIsThereAndThenWhatComes() throws Exception {
        long partition = topic("orders");
        client.produce(partition, Batches.of("a", "b"));
        SubscribeReply reply = subscribe(request(partition).build());
        assertEquals(0, reply.getStartOffset());
        assertEquals(2, reply.getEndOffset());

        List<Batches.Read> there = received(2);
        client.produce(partition, Batches.of("c"));
        List<Batches.Read> came = received(1);

        assertEquals(List.of("a", "b"), values(there));
        assertEquals(List.of("c"), values(came));
        assertEquals(2, came.get(0).offset());
    }

    @Test
    void answersTheEndOfASubscriptionThatThereNeverWas() throws Exception {
        Frame reply = client.call(FrameType.UNSUBSCRIBE, Unsubscribe.getDefaultInstance());
        assertEquals(UnsubscribeReply.getDefaultInstance(), reply.message());
    }

    @Test
    void readsOldAndLargeRunsFromTheFileAsTheyWereWritten() throws Exception {
        long partition = topic("orders");
        String large = "x".repeat(40_000);
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            String value = i % 3 == 0 ? large + i : "small-" + i;
            sent.add(value);
            client.produce(partition, Batches.of(value));
        }

        subscribe(request(partition).build());

        assertEquals(sent, values(received(100)));
    }

    @Test
    void sendsNoMoreThanTheCreditAllowsButAlwaysOneBatch() throws Exception {
        long partition = topic("orders");
        for (int i = 0; i < 10; i++) {
            client.produce(partition, Batches.of("x".repeat(1000) + i));
        }
        subscribe(request(partition).setCreditBytes(1).build());
        assertEquals(1, received(1).size());

        // Nothing more comes: the next push is the answer to more credit, and begins at the second record.
        client.send(
                FrameType.CREDIT,
                Credit.newBuilder().setSubscriptionId(1).setBytes(2500).build());
        List<Batches.Read> next = Batches.read(client.push().attachment());

        assertEquals(1, next.get(0).offset());
        assertTrue(next.size() <= 3, () -> next.size() + " records for 2500 bytes");
    }

    @Test
    void stopsAtTheAskedForEndWithTheBatchThatHoldsIt() throws Exception {
        long partition = topic("orders");
        client.produce(partition, Batches.of("a", "b", "c"));
        client.produce(partition, Batches.of("d", "e", "f"));
        client.produce(partition, Batches.of("g"));

        subscribe(request(partition).setUntilOffset(4).build());
        List<Batches.Read> records = received(6);
        client.produce(partition, Batches.of("h"));

        assertEquals(List.of("a", "b", "c", "d", "e", "f"), values(records));
        assertEquals(
                0,
                client.call(FrameType.UNSUBSCRIBE, unsubscribe()).attachment().readableBytes());
    }

    @Test
    void skipsWhatAFilterExcludesAndSaysHowFarItGot() throws Exception {
        long partition = topic("orders");
        for (int i = 0; i < 50; i++) {
            client.produce(partition, Batches.at(-1, 0, 0, i < 25 ? 1000 : 9000, "v" + i));
        }

        subscribe(request(partition)
                .setFilterEventTime(true)
                .setEventFromMs(5000)
                .setEventUntilMs(6000)
                .build());
        Deliver nothing = client.push().message(Deliver.class);
        client.produce(partition, Batches.at(-1, 0, 0, 5500, "match"));
        Frame match = client.push();

        assertEquals(50, nothing.getNextOffset());
        assertEquals(List.of("match"), values(Batches.read(match.attachment())));
        assertEquals(51, match.message(Deliver.class).getNextOffset());
    }

    @Test
    void refusesAnOffsetOutOfRangeAndNamesTheRange() throws Exception {
        long partition = topic("orders");
        client.produce(partition, Batches.of("a", "b"));

        Error ahead = client.failure(
                FrameType.SUBSCRIBE, request(partition).setFromOffset(3).build());
        Error before = client.failure(
                FrameType.SUBSCRIBE, request(partition).setFromOffset(-1).build());

        for (Error error : List.of(ahead, before)) {
            assertEquals(ErrorCode.ERROR_OFFSET_OUT_OF_RANGE, error.getCode());
            assertEquals(0, error.getValidFrom());
            assertEquals(2, error.getValidUntil());
        }
    }

    @Test
    void refusesWhatMakesNoSense() throws Exception {
        long partition = topic("orders");
        subscribe(request(partition).build());

        Error twice = client.failure(FrameType.SUBSCRIBE, request(partition).build());
        Error backwards = client.failure(
                FrameType.SUBSCRIBE,
                request(partition)
                        .setSubscriptionId(2)
                        .setFilterEventTime(true)
                        .setEventFromMs(2)
                        .setEventUntilMs(1)
                        .build());
        Error nowhere = client.failure(
                FrameType.SUBSCRIBE, request(77_777).setSubscriptionId(3).build());

        assertEquals(ErrorCode.ERROR_INVALID_REQUEST, twice.getCode());
        assertEquals(ErrorCode.ERROR_INVALID_REQUEST, backwards.getCode());
        assertEquals(ErrorCode.ERROR_UNKNOWN_PARTITION, nowhere.getCode());
    }

    @Test
    void endsASubscriptionWhoseTopicIsDeleted() throws Exception {
        long partition = topic("orders");
        client.produce(partition, Batches.of("a"));
        subscribe(request(partition).build());
        received(1);

        client.call(
                FrameType.DELETE_TOPIC,
                DeleteTopic.newBuilder().setName("orders").build());
        Deliver last = client.push().message(Deliver.class);

        assertEquals(ErrorCode.ERROR_UNKNOWN_PARTITION, last.getError().getCode());
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_PARTITION,
                client.produce(partition, Batches.of("b")).getError().getCode());
    }

    @Test
    void sendsNothingMoreAfterAnUnsubscribe() throws Exception {
        long partition = topic("orders");
        subscribe(request(partition).build());
        client.call(FrameType.UNSUBSCRIBE, unsubscribe());

        client.produce(partition, Batches.of("a"));
        client.send(
                FrameType.CREDIT,
                Credit.newBuilder().setSubscriptionId(1).setBytes(100).build());
        // The same id is free again, and starts from where it is told.
        subscribe(request(partition).build());

        assertEquals(List.of("a"), values(received(1)));
    }

    @Test
    void servesManySubscriptionsOfOneConnectionInTurn() throws Exception {
        List<Long> partitions = new ArrayList<>();
        client.createTopic("many", 20).getPartitionsList().forEach(p -> partitions.add(p.getPartitionId()));
        for (long partition : partitions) {
            for (int i = 0; i < 20; i++) {
                client.produce(partition, Batches.of("x".repeat(20_000)));
            }
        }
        for (int i = 0; i < partitions.size(); i++) {
            subscribe(request(partitions.get(i)).setSubscriptionId(i).build());
        }

        int[] records = new int[partitions.size()];
        for (int left = 20 * partitions.size(); left > 0; ) {
            Frame push = client.push();
            int got = Batches.read(push.attachment()).size();
            records[push.message(Deliver.class).getSubscriptionId()] += got;
            left -= got;
        }

        for (int count : records) {
            assertEquals(20, count);
        }
    }

    @Test
    void findsOffsetsByEveryAnchor() throws Exception {
        long partition = topic("orders");
        long time =
                client.produce(partition, Batches.at(-1, 0, 0, 1000, "a", "b")).getIngestionTimeMs();
        client.produce(partition, Batches.at(-1, 0, 0, 5000, "c"));

        assertEquals(0, find(partition, Anchor.ANCHOR_BEGINNING, 0));
        assertEquals(3, find(partition, Anchor.ANCHOR_END, 0));
        assertEquals(2, find(partition, Anchor.ANCHOR_OFFSET, 2));
        assertEquals(0, find(partition, Anchor.ANCHOR_INGESTION_TIME, time));
        assertEquals(3, find(partition, Anchor.ANCHOR_INGESTION_TIME, time + 3_600_000));
        assertEquals(2, find(partition, Anchor.ANCHOR_EVENT_TIME, 4000));
        long complete = ask(partition, Anchor.ANCHOR_END, 0).getCompleteUntilMs();
        assertTrue(complete >= time && complete <= System.currentTimeMillis(), "complete until " + complete);
        Error error = client.failure(
                FrameType.FIND_OFFSET,
                FindOffset.newBuilder()
                        .setPartitionId(partition)
                        .setAnchor(Anchor.ANCHOR_OFFSET)
                        .setValue(4)
                        .build());
        assertEquals(ErrorCode.ERROR_OFFSET_OUT_OF_RANGE, error.getCode());
    }

    private long find(long partition, Anchor anchor, long value) throws Exception {
        return ask(partition, anchor, value).getOffset();
    }

    private FindOffsetReply ask(long partition, Anchor anchor, long value) throws Exception {
        return client.call(
                        FrameType.FIND_OFFSET,
                        FindOffset.newBuilder()
                                .setPartitionId(partition)
                                .setAnchor(anchor)
                                .setValue(value)
                                .build())
                .message(FindOffsetReply.class);
    }

    private static Subscribe.Builder request(long partition) {
        return Subscribe.newBuilder()
                .setSubscriptionId(1)
                .setPartitionId(partition)
                .setUntilOffset(-1)
                .setCreditBytes(PLENTY);
    }

    private static Unsubscribe unsubscribe() {
        return Unsubscribe.newBuilder().setSubscriptionId(1).build();
    }

    private SubscribeReply subscribe(Subscribe request) throws Exception {
        return client.call(FrameType.SUBSCRIBE, request).message(SubscribeReply.class);
    }

    /** Reads pushes until this many records are there. */
    private List<Batches.Read> received(int count) throws Exception {
        List<Batches.Read> records = new ArrayList<>();
        while (records.size() < count) {
            records.addAll(Batches.read(client.push().attachment()));
        }
        return records;
    }

    private static List<String> values(List<Batches.Read> records) {
        return records.stream().map(Batches.Read::value).toList();
    }

    private long topic(String name) throws Exception {
        return client.createTopic(name, 1).getPartitions(0).getPartitionId();
    }
}
