package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.RecordState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker in a process of its own is killed (SIGKILL) again and again while an operator moves records to a topic of another
 * owner, a few for each request. In the end each is there once, and none is left. {@code -Dheadwater.kills=200} for longer.
 */
class QueueMoveKillLoopTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final int RECORDS = 250;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(11);
    private final List<String> produced = new ArrayList<>();
    private long jobs;
    private long hand;
    private int groupId;
    private long confirmed;

    @Test
    void whatIsMovedIsInTheOtherTopicOnce() throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            hand = client.createTopic("hand", 1).getPartitions(0).getPartitionId();
            jobs = client.createTopic("jobs", 1).getPartitions(0).getPartitionId();
            assertTrue(hand % 2 != jobs % 2, "of different owners");
            groupId = client.call(
                            FrameType.CREATE_QUEUE_GROUP,
                            CreateQueueGroup.newBuilder()
                                    .setTopic("jobs")
                                    .setName("work")
                                    .build())
                    .message(QueueGroup.class)
                    .getId();
        }
        for (int kill = 0; kill < KILLS; kill++) {
            try (BrokerProcess broker = BrokerProcess.start(directory);
                    RawClient client = RawClient.connected(broker.port())) {
                produce(client);
                CompletableFuture.delayedExecutor(random.nextInt(40), TimeUnit.MILLISECONDS)
                        .execute(broker::kill);
                moveAll(client);
                broker.kill();
            } catch (IOException e) {
                // That is the kill.
            }
        }
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            produce(client);
            moveAll(client);
            QueuePartition end = client.queue("jobs", "work");
            assertEquals(end.getEndOffset(), end.getFloor());
            List<String> there = client.values(hand);
            List<String> here = client.values(jobs);
            assertTrue(here.containsAll(produced));
            assertTrue(confirmed <= there.size(), confirmed + " were confirmed, " + there.size() + " are there");
            there.sort(null);
            here.sort(null);
            assertEquals(here, there);
        }
    }

    private void produce(RawClient client) throws Exception {
        for (int from = 0; from < RECORDS; from += 50) {
            String[] values = new String[50];
            for (int i = 0; i < values.length; i++) {
                values[i] = "v" + (produced.size() + i);
            }
            assertFalse(client.produce(jobs, Batches.of(values)).hasError());
            produced.addAll(List.of(values));
        }
    }

    /** Until nothing is left, not even what an earlier life had sent. */
    private void moveAll(RawClient client) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        QueuePartition now = client.queue("jobs", "work");
        while (now.getFloor() < now.getEndOffset()) {
            assertTrue(System.nanoTime() < deadline, () -> "not all is moved");
            Frame reply = client.call(
                    FrameType.QUEUE_OPERATE,
                    QueueOperate.newBuilder()
                            .setPartitionId(jobs)
                            .setGroupId(groupId)
                            .setOperation(QueueOperation.QUEUE_MOVE)
                            .setUntilOffset(-1)
                            .setMax(random.nextInt(1, 30))
                            .addStates(RecordState.RECORD_READY)
                            .setToTopic("hand")
                            .build());
            if (reply.isError()) {
                assertTrue(
                        reply.message(Error.class).getRetriable(),
                        () -> reply.message().toString());
            } else {
                confirmed += reply.message(QueueOperateReply.class).getRecords();
            }
            now = client.queue("jobs", "work");
        }
    }
}
