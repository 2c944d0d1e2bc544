package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.SubscribeReply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker in a process of its own is killed (SIGKILL) again and again while an idempotent producer writes and retries.
 * In the end every acknowledged value is there once, in the order of sending, and the offsets have no hole. The long
 * script runs it for longer: {@code -Dheadwater.kills=200}. What a kill cannot show, as the system keeps what a killed
 * process wrote, {@link PowerCutTest} and its control do.
 */
class KillLoopTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final int WINDOW = 20;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(42);
    private final Deque<Integer> unanswered = new ArrayDeque<>();
    private long producerId = -1;
    private long partition = -1;
    private int nextSequence;
    private int acknowledged;

    @Test
    void losesNothingAcknowledgedAndDoublesNothing() throws Exception {
        for (int kill = 0; kill < KILLS; kill++) {
            try (BrokerProcess broker = BrokerProcess.start(directory)) {
                int target = acknowledged + random.nextInt(200, 600);
                produceUntil(broker.port(), target);
                broker.kill();
            }
        }
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            int sent = nextSequence;
            drain(client);
            List<Batches.Read> records = readAll(client);
            Set<String> distinct = new HashSet<>();
            for (int i = 0; i < records.size(); i++) {
                assertEquals(i, records.get(i).offset(), "offsets are dense");
                assertEquals("value-" + i, records.get(i).value(), "in the order of sending");
                assertTrue(distinct.add(records.get(i).value()), "once");
            }
            assertEquals(sent, records.size());
            assertTrue(acknowledged >= KILLS * 200);
        }
    }

    /** Sends with many batches in flight; after a reconnect sends again what was not answered, in order. */
    private void produceUntil(int port, int target) throws Exception {
        try (RawClient client = RawClient.connected(port)) {
            if (partition < 0) {
                partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
                producerId = client.call(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance())
                        .message(InitProducerReply.class)
                        .getProducerId();
            }
            Deque<Integer> ids = resend(client);
            while (acknowledged < target) {
                while (ids.size() < WINDOW) {
                    unanswered.add(nextSequence);
                    ids.add(send(client, nextSequence));
                    nextSequence++;
                }
                answer(client, ids);
            }
            // The rest stays unanswered: killed in the middle of it.
        }
    }

    private void drain(RawClient client) throws Exception {
        Deque<Integer> ids = resend(client);
        while (!ids.isEmpty()) {
            answer(client, ids);
        }
    }

    private Deque<Integer> resend(RawClient client) throws IOException {
        Deque<Integer> ids = new ArrayDeque<>();
        for (int sequence : unanswered) {
            ids.add(send(client, sequence));
        }
        return ids;
    }

    private int send(RawClient client, int sequence) throws IOException {
        return client.sendProduce(partition, Batches.of(producerId, sequence, "value-" + sequence));
    }

    private void answer(RawClient client, Deque<Integer> ids) throws IOException {
        Frame reply = client.reply(ids.remove());
        ProduceResult result = reply.message(ProduceReply.class).getResults(0);
        int sequence = unanswered.remove();
        assertEquals("", result.getError().getMessage());
        assertEquals(sequence, result.getBaseOffset());
        acknowledged++;
    }

    private List<Batches.Read> readAll(RawClient client) throws Exception {
        Frame reply = client.subscribe(partition, 1 << 30);
        long end = reply.message(SubscribeReply.class).getEndOffset();
        List<Batches.Read> records = new ArrayList<>();
        while (records.size() < end) {
            records.addAll(Batches.read(client.push().attachment()));
        }
        return Collections.unmodifiableList(records);
    }
}
