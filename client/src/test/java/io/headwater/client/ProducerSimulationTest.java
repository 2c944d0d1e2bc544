package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakePartition;
import io.headwater.client.fake.SimulatedLink;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/**
 * A producer, a network that misbehaves and a broker, all in one thread and in simulated time. Whatever happens: what
 * was acknowledged is stored once, at the offset that was told; what failed definitely is not stored; what is unknown is
 * stored at most once; and all of it in the order of sending.
 */
@NullUnmarked
class ProducerSimulationTest {
    private static final long SECOND = 1_000_000_000;

    private static final class Run implements Sender.RouteRefresh {
        final SplittableRandom random;
        final SimulatedLoop loop = new SimulatedLoop();
        final SimulatedLink link;
        final List<FakePartition> partitions = new ArrayList<>();
        final List<PartitionQueue> queues = new ArrayList<>();
        final List<List<CompletableFuture<Producer.Acknowledgement>>> sent = new ArrayList<>();
        final MemoryBudget budget = new MemoryBudget(1L << 30);
        final StringBuilder trace = new StringBuilder();

        Run(SplittableRandom random) {
            this.random = random;
            this.link = new SimulatedLink(loop, random.split());
            Session session = new Session(link, loop, random.split(), ClientSettings.of("sim:1", "sim", 2 * SECOND));
            Sender sender = new Sender(session, budget, this);
            ProducerSettings settings = new ProducerSettings(
                    1024,
                    random.nextInt(3) == 0 ? 2_000_000 : 0,
                    random.nextInt(4) == 0 ? Compression.LZ4 : Compression.NONE,
                    1L << 30,
                    random.nextInt(1, 8));
            for (int i = 0; i < 2; i++) {
                partitions.add(link.addPartition(i));
                queues.add(new PartitionQueue(
                        "t", i, i, new ProducerIdentity(1_000, (short) 0), settings, budget, sender));
                sender.add(queues.get(i));
                sent.add(new ArrayList<>());
            }
            session.add(sender);
        }

        @Override
        public void forget(String topic) {
            throw new AssertionError("the simulated broker forgets no topic");
        }

        @Override
        public void tick(long nowNs) {
            // Topics do not grow here.
        }

        void go(int records) {
            for (int i = 0; i < records; i++) {
                int at = random.nextInt(2);
                String value = at + ":" + sent.get(at).size() + ":" + "x".repeat(random.nextInt(120));
                sent.get(at).add(queues.get(at).append(ProducerRecord.ofUtf8("t", null, value), 1, 0));
                if (random.nextInt(20) == 0) {
                    loop.runFor(random.nextLong(5_000_000));
                }
            }
            sent.forEach(futures -> futures.forEach(future -> loop.runUntil(future::isDone, 600 * SECOND)));
        }

        void check() throws Exception {
            for (int p = 0; p < 2; p++) {
                Map<Integer, Long> stored = stored(p);
                for (int i = 0; i < sent.get(p).size(); i++) {
                    CompletableFuture<Producer.Acknowledgement> future =
                            sent.get(p).get(i);
                    Long offset = stored.get(i);
                    if (!future.isCompletedExceptionally()) {
                        assertNotNull(offset, "acknowledged and not stored: " + p + ":" + i);
                        assertEquals(offset, future.join().offset());
                        trace.append(future.join().duplicate() ? 'D' : 'A');
                    } else {
                        HeadwaterException why =
                                (HeadwaterException) future.handle((ok, e) -> e).join();
                        boolean unknown = why instanceof HeadwaterException.OutcomeUnknown;
                        assertTrue(unknown || offset == null, "failed definitely and stored: " + p + ":" + i);
                        trace.append(unknown ? 'U' : 'F');
                    }
                }
            }
            assertEquals(0, budget.usedBytes());
        }

        /** Number → offset; fails on disorder and repetition. */
        private Map<Integer, Long> stored(int p) throws Exception {
            Map<Integer, Long> stored = new HashMap<>();
            int last = -1;
            for (FakePartition.Entry entry : partitions.get(p).entries) {
                RecordCursor cursor = new RecordBatch()
                        .wrap(ByteBuffer.wrap(entry.bytes()), Envelope.SIZE)
                        .records();
                while (cursor.next()) {
                    String[] value = new String(cursor.value(), java.nio.charset.StandardCharsets.UTF_8).split(":");
                    assertEquals(p, Integer.parseInt(value[0]));
                    int number = Integer.parseInt(value[1]);
                    assertFalse(stored.containsKey(number), "stored twice: " + p + ":" + number);
                    assertTrue(number > last, "out of order: " + p + ":" + number + " after " + last);
                    last = number;
                    stored.put(number, cursor.offset());
                }
            }
            return stored;
        }
    }

    private static String run(SplittableRandom random) throws Exception {
        Run run = new Run(random);
        run.link.dropChance = random.nextInt(3) * 8;
        run.link.refuseChance = random.nextInt(3) * 10;
        run.link.rejectChance = random.nextInt(3) * 5;
        run.link.silenceChance = random.nextInt(4) == 0 ? 10 : 0;
        run.link.unreachableChance = random.nextInt(3) * 30;
        run.go(400);
        run.check();
        return run.trace.toString();
    }

    @Test
    void keepsItsPromisesOverAnyNetwork() {
        StringBuilder all = new StringBuilder();
        Seeds.run(300, random -> all.append(run(random)));
        // The network was bad enough that every outcome was seen.
        for (char outcome : "ADUF".toCharArray()) {
            assertTrue(all.indexOf(String.valueOf(outcome)) >= 0, "never seen: " + outcome);
        }
    }

    @Test
    void doesTheSameAgainWithTheSameSeed() throws Exception {
        for (long seed = 0; seed < 10; seed++) {
            assertEquals(run(new SplittableRandom(seed)), run(new SplittableRandom(seed)));
        }
    }
}
