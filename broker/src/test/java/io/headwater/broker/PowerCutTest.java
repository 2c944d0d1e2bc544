package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.SyncMode;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The power goes while producers write: everything that was acknowledged is there afterwards, at its offset, once. The
 * control switches the sync off, and must lose something.
 */
@ExtendWith(ExpectedErrors.class)
class PowerCutTest {
    private static final int LIVES = 4;

    @TempDir
    Path directory;

    @Test
    void losesNothingThatWasAcknowledged() {
        Seeds.run(3, random -> {
            Life outcome = live(
                    new MemoryDisk(), SyncMode.EVERY_COMMIT, directory.resolve("a" + random.nextInt(1 << 30)), random);
            assertTrue(outcome.acknowledged > 0);
            assertEquals(List.of(), outcome.faults);
        });
    }

    @Test
    void controlWithoutSyncLosesSomething() throws Exception {
        Life outcome = live(new MemoryDisk(), SyncMode.OFF, directory.resolve("control"), new SplittableRandom(1));

        assertFalse(outcome.faults.isEmpty(), "nothing was lost although nothing was synced: the test proves nothing");
    }

    /** What one disk went through. */
    private static final class Life {
        int acknowledged;
        final List<String> faults = new ArrayList<>();
    }

    private static Life live(MemoryDisk disk, SyncMode mode, Path data, SplittableRandom random) throws Exception {
        Life outcome = new Life();
        Map<Long, String> acknowledged = new HashMap<>();
        long partition = -1;
        int sequence = 0;
        for (int life = 0; life < LIVES; life++) {
            Broker broker;
            try {
                broker = Broker.start(
                        BrokerConfig.onFreePorts(data),
                        Ports.real().withDisk(disk).withSyncMode(mode));
            } catch (IOException e) {
                // Damage that is noticed at the start is a loss as well.
                outcome.faults.add("cannot start: " + e.getMessage());
                return outcome;
            }
            try (RawClient client = RawClient.connected(broker.port())) {
                if (partition < 0) {
                    partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
                }
                check(client, partition, acknowledged, outcome);
                List<Integer> pending = new ArrayList<>();
                int batches = random.nextInt(20, 60);
                for (int i = 0; i < batches; i++) {
                    pending.add(client.sendProduce(partition, Batches.of("life-" + life + "-" + i)));
                }
                int answers = random.nextInt(batches);
                for (int i = 0; i < answers; i++) {
                    ProduceResult result = client.reply(pending.get(i))
                            .message(ProduceReply.class)
                            .getResults(0);
                    if (!result.hasError()) {
                        acknowledged.put(result.getBaseOffset(), "life-" + life + "-" + i);
                        outcome.acknowledged++;
                    }
                }
                disk.powerCut(random.split());
            } finally {
                broker.close();
            }
            sequence++;
        }
        assertEquals(LIVES, sequence);
        return outcome;
    }

    private static void check(RawClient client, long partition, Map<Long, String> acknowledged, Life outcome)
            throws Exception {
        var reply = client.call(
                FrameType.SUBSCRIBE,
                Subscribe.newBuilder()
                        .setSubscriptionId(1)
                        .setPartitionId(partition)
                        .setUntilOffset(-1)
                        .setCreditBytes(1 << 30)
                        .build());
        if (reply.isError()) {
            outcome.faults.add("cannot be read: " + reply.message());
            return;
        }
        long end = reply.message(SubscribeReply.class).getEndOffset();
        Map<Long, String> there = new HashMap<>();
        List<String> values = new ArrayList<>();
        while (there.size() < end) {
            for (Batches.Read read : Batches.read(client.push().attachment())) {
                there.put(read.offset(), read.value());
                values.add(read.value());
            }
        }
        acknowledged.forEach((offset, value) -> {
            if (!value.equals(there.get(offset))) {
                outcome.faults.add("offset " + offset + ": " + value + " is " + there.get(offset));
            }
        });
        if (values.size() != values.stream().distinct().count()) {
            outcome.faults.add("duplicates: " + values);
        }
    }
}
