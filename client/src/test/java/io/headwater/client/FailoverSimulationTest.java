package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakePartition;
import io.headwater.client.fake.SimulatedCluster;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.wire.RecordState;
import io.headwater.record.Compression;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/**
 * Clients of a cluster whose leaders change all the time, in one thread and in simulated time: leaders are deposed and do
 * not know it, answer late, with something unknown, or never; brokers crash and hang; connections break; pictures are
 * stale; for a while there is no leader, or one that does not know yet what is committed.
 */
@NullUnmarked
class FailoverSimulationTest {
    private static final long SECOND = 1_000_000_000;
    private static final long MS = 1_000_000;
    private static final int PARTITIONS = 3;

    private static class Run {
        final SplittableRandom random;
        final SimulatedLoop loop = new SimulatedLoop();
        final SimulatedCluster brokers;
        final Cluster cluster;
        final Caller caller;
        final InstantSource clock = () -> Instant.ofEpochSecond(1_000_000);
        boolean calm;

        Run(SplittableRandom random, long timeoutNs) {
            this.random = random;
            this.brokers = new SimulatedCluster(loop, random.split(), 3, PARTITIONS);
            brokers.stalenessNs = random.nextLong(1, 1_000) * MS;
            brokers.electionNs = random.nextLong(1, 2_000) * MS;
            brokers.behindNs = random.nextInt(2) * random.nextLong(1, 500) * MS;
            this.cluster = new Cluster(
                    Endpoint.parseAll(brokers.servers()),
                    endpoint -> brokers.link(endpoint.host()),
                    loop,
                    random.split(),
                    ClientSettings.of(brokers.servers(), "sim", timeoutNs, 2 * SECOND));
            this.caller = new Caller(cluster);
        }

        /** Something goes wrong now and then, until {@link #calm}. */
        void trouble(long everyNs) {
            loop.schedule(random.nextLong(everyNs), () -> {
                if (calm) {
                    return;
                }
                int node = 1 + random.nextInt(brokers.size());
                switch (random.nextInt(8)) {
                    case 0 -> brokers.crash(node, random.nextLong(3 * SECOND));
                    case 1 -> brokers.hang(node, random.nextLong(3 * SECOND));
                    case 2 -> brokers.node(node).link.drop();
                    case 3 -> brokers.moveController();
                    default -> brokers.elect(random.nextInt(PARTITIONS));
                }
                trouble(everyNs);
            });
        }
    }

    /** A producer, whose ids the cluster has given. */
    private static final class Producing extends Run implements Sender.RouteRefresh {
        final MemoryBudget budget = new MemoryBudget(1L << 30);
        final ProducerLedger ledger = new ProducerLedger(PARTITIONS);
        final List<PartitionQueue> queues = new ArrayList<>();

        Producing(SplittableRandom random, long timeoutNs) {
            super(random, timeoutNs);
            ProducerSettings settings = new ProducerSettings(1024, 0, Compression.NONE, 1L << 30, random.nextInt(1, 8));
            Sender sender = new Sender(cluster, budget, this);
            for (int i = 0; i < PARTITIONS; i++) {
                queues.add(new PartitionQueue(
                        "t", i, i + 1, new ProducerIdentity(1_000, (short) 0), settings, budget, sender));
                sender.add(queues.get(i));
            }
            cluster.add(sender);
            int stragglers = random.nextInt(3) * 40;
            for (int i = 1; i <= brokers.size(); i++) {
                brokers.node(i).link.stragglerChance = stragglers;
            }
        }

        @Override
        public void forget(String topic) {
            throw new AssertionError("the simulated brokers forget no topic");
        }

        @Override
        public void tick(long nowNs) {
            // Topics do not grow here.
        }

        /** Ends with all of it answered, and long after that. */
        void send(int records) {
            for (int i = 0; i < records; i++) {
                int at = random.nextInt(PARTITIONS);
                ledger.send(queues.get(at), at, random.nextInt(120));
                if (random.nextInt(5) == 0) {
                    loop.runFor(random.nextLong(50 * MS));
                }
            }
            ledger.futures().forEach(future -> loop.runUntil(future::isDone, 600 * SECOND));
            calm = true;
            loop.runFor(10 * SECOND);
        }

        String check() throws Exception {
            String trace = ledger.check(brokers.logs());
            assertEquals(0, budget.usedBytes());
            return trace;
        }
    }

    @Test
    void aProducerLosesNothingRepeatsNothingAndKeepsItsOrderWhateverLeads() {
        StringBuilder all = new StringBuilder();
        int[] seen = new int[4];
        Seeds.run(1_000, random -> {
            Producing run = new Producing(random, 60 * SECOND);
            run.trouble(400 * MS);
            run.send(300);
            all.append(run.check());
            seen[0] += run.brokers.elections;
            seen[1] += run.brokers.deposedAnswers;
            seen[2] += run.brokers.swallowed;
            seen[3] += run.brokers.truncatedBatches;
        });
        assertTrue(all.indexOf("A") >= 0 && all.indexOf("D") >= 0);
        assertEquals(-1, all.indexOf("U"), "nothing is unknown before its time is up");
        assertEquals(-1, all.indexOf("F"), "nothing fails before its time is up");
        for (int i = 0; i < seen.length; i++) {
            assertTrue(seen[i] > 0, "never seen: " + i);
        }
    }

    @Test
    void aProducerWhoseTimeIsUpSaysWhatIsUnknown() {
        StringBuilder all = new StringBuilder();
        Seeds.run(500, random -> {
            Producing run = new Producing(random, 2 * SECOND);
            run.brokers.electionNs = 5 * SECOND;
            run.trouble(600 * MS);
            run.send(300);
            all.append(run.check());
        });
        for (char outcome : "ADUF".toCharArray()) {
            assertTrue(all.indexOf(String.valueOf(outcome)) >= 0, "never seen: " + outcome);
        }
    }

    private static byte[] batch(int from, int count) {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        ByteBuffer target = ByteBuffer.allocate(64 * 1024);
        builder.reset(target);
        for (int i = from; i < from + count; i++) {
            builder.append(1, null, ("" + i).getBytes(StandardCharsets.UTF_8), List.of());
        }
        byte[] bytes = new byte[builder.finish(77, (short) 0, from)];
        target.get(0, bytes);
        return bytes;
    }

    private static int number(byte[] value) {
        return Integer.parseInt(new String(value, StandardCharsets.UTF_8));
    }

    @Test
    void aConsumerSeesEveryRecordOnceAndInOrderWhateverLeads() {
        int[] readsBehind = new int[1];
        Seeds.run(1_000, random -> {
            Run run = new Run(random, 30 * SECOND);
            int[] written = new int[PARTITIONS];
            int[] read = new int[PARTITIONS];
            ConsumerSettings settings = new ConsumerSettings(
                    List.of("t"),
                    List.of(),
                    null,
                    "",
                    Position.beginning(),
                    null,
                    false,
                    false,
                    SECOND,
                    2_000,
                    20,
                    random.nextBoolean() ? StreamConsumer.OutOfRange.FAIL : StreamConsumer.OutOfRange.EARLIEST);
            PushConsumer consumer = new PushConsumer(run.caller, settings, run.clock, () -> {});
            run.trouble(300 * MS);
            int total = 0;
            while (total < 600) {
                int at = random.nextInt(PARTITIONS);
                int count = random.nextInt(1, 6);
                run.brokers.fill(at, batch(written[at], count));
                written[at] += count;
                total += count;
                run.loop.runFor(random.nextLong(100 * MS));
                poll(consumer, read);
            }
            run.calm = true;
            for (int i = 0; i < 600 && sum(read) < total; i++) {
                run.loop.runFor(100 * MS);
                poll(consumer, read);
            }
            for (int p = 0; p < PARTITIONS; p++) {
                assertEquals(written[p], read[p], "partition " + p);
            }
            readsBehind[0] += run.brokers.readsBehind;
        });
        assertTrue(readsBehind[0] > 0, "no leader was ever behind");
    }

    private static int sum(int[] numbers) {
        int sum = 0;
        for (int number : numbers) {
            sum += number;
        }
        return sum;
    }

    private static void poll(StreamConsumer consumer, int[] read) {
        for (ConsumedRecord record : consumer.poll(Duration.ZERO)) {
            int p = record.partition();
            assertEquals(read[p], number(record.value()), "the next of partition " + p);
            assertEquals(read[p], record.offset());
            read[p]++;
        }
    }

    @Test
    void aConsumerLeavesALeaderThatSaysNothing() {
        Run run = new Run(new SplittableRandom(1), 60 * SECOND);
        run.brokers.stalenessNs = 0;
        run.brokers.electionNs = 10 * MS;
        run.brokers.behindNs = 0;
        ConsumerSettings settings = new ConsumerSettings(
                List.of("t"),
                List.of(),
                null,
                "",
                Position.beginning(),
                null,
                false,
                false,
                SECOND,
                1 << 20,
                100,
                StreamConsumer.OutOfRange.FAIL);
        PushConsumer consumer = new PushConsumer(run.caller, settings, run.clock, () -> {});
        int[] read = new int[PARTITIONS];
        run.brokers.fill(0, batch(0, 5));
        run.loop.runFor(SECOND);
        poll(consumer, read);
        assertEquals(5, read[0]);
        int old = run.brokers.leader(0);
        run.brokers.hang(old, 600 * SECOND);
        run.brokers.elect(0, old % run.brokers.size() + 1);
        run.loop.runFor(SECOND);
        run.brokers.fill(0, batch(5, 5));
        // It asks for a sign of life after 2 s, and who leads 1 s later; its request would count as lost after 20 s.
        run.loop.runFor(5 * SECOND);
        poll(consumer, read);
        assertEquals(10, read[0]);
    }

    @Test
    void aQueueConsumerGetsEachRecordOnceAndSettlesItWhateverLeads() {
        int[] returned = new int[1];
        Seeds.run(1_000, random -> {
            Run run = new Run(random, 60 * SECOND);
            run.brokers.queues().create("t", "g");
            run.brokers.queues().leaseMs = 3_600_000;
            int each = 40;
            for (int p = 0; p < PARTITIONS; p++) {
                for (int i = 0; i < each; i += 4) {
                    run.brokers.fill(p, batch(i, 4));
                }
            }
            QueueConsumerSettings settings =
                    new QueueConsumerSettings("t", "g", "c", 12, 1 << 20, 1, 0, false, 1, SECOND);
            LeasingConsumer consumer = new LeasingConsumer(run.caller, settings, run.clock, random.split(), () -> {});
            run.trouble(300 * MS);
            Set<String> received = new HashSet<>();
            List<QueueRecord> held = new ArrayList<>();
            Map<String, CompletableFuture<Void>> settled = new HashMap<>();
            for (int i = 0; i < 2_000 && settled.size() < PARTITIONS * each; i++) {
                run.calm |= i > 1_000;
                run.loop.runFor(random.nextLong(50 * MS));
                for (QueueRecord record : consumer.receive(random.nextInt(1, 5), Duration.ZERO)) {
                    assertTrue(received.add(record.partition() + "@" + record.offset()), "received again: " + record);
                    held.add(record);
                }
                while (!held.isEmpty() && random.nextInt(3) > 0) {
                    QueueRecord record = held.remove(random.nextInt(held.size()));
                    settled.put(record.partition() + "@" + record.offset(), consumer.settle(record, Settlement.ack()));
                }
            }
            assertEquals(PARTITIONS * each, settled.size());
            run.calm = true;
            settled.forEach((which, future) -> {
                run.loop.runUntil(future::isDone, 120 * SECOND);
                assertFalse(
                        future.isCompletedExceptionally(),
                        () -> which + ": " + future.handle((done, why) -> why).join());
            });
            assertEquals(PARTITIONS * each, run.brokers.queues().count(RecordState.RECORD_DONE));
            returned[0] += run.brokers.queues().returned;
        });
        assertTrue(returned[0] > 0, "nothing was ever lost on its way");
    }

    @Test
    void doesTheSameAgainWithTheSameSeed() throws Exception {
        for (long seed = 0; seed < 5; seed++) {
            List<String> traces = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Producing run = new Producing(new SplittableRandom(seed), 60 * SECOND);
                run.trouble(400 * MS);
                run.send(200);
                List<FakePartition> logs = run.brokers.logs();
                traces.add(run.check() + run.loop.nowNs() + logs.get(0).entries.size());
            }
            assertEquals(traces.get(0), traces.get(1));
        }
    }
}
