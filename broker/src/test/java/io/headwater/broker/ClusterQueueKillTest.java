package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.HeadwaterClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three brokers in processes of their own, one of which is killed (SIGKILL) again and again, and one of which says nothing
 * for a while, under a queue group and a keyed group of a topic whose dead go to another topic. What the groups promise on
 * one broker they keep over all of them. {@code -Dheadwater.kills=100} runs it for longer.
 */
class ClusterQueueKillTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final long SEED = Long.getLong("headwater.seed", 7);
    private static final int NODES = 3;
    private static final int CONSUMERS = 3;
    private static final int BETWEEN = 1_000;
    private static final long SILENCE_MS = 8_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    @Test
    @Timeout(7200)
    void forgetsNothingAndInventsNothing() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        QueueHistory history = new QueueHistory(Long.toString(SEED));
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient worker = cluster.client(Duration.ofMinutes(2))) {
            history.create(sender);
            Thread load = new Thread(() -> history.load(sender), "load");
            List<Thread> consumers = new ArrayList<>();
            for (String group : QueueHistory.GROUPS) {
                for (int i = 0; i < CONSUMERS; i++) {
                    HeadwaterClient client = i == 0 ? sender : worker;
                    consumers.add(new Thread(() -> history.work(client, group), group + "-" + i));
                }
            }
            load.start();
            consumers.forEach(Thread::start);
            for (int kill = 0; kill < KILLS; kill++) {
                int victim = 1 + random.nextInt(NODES);
                history.awaitMore(random.nextInt(BETWEEN));
                if (kill % 4 == 2) {
                    cluster.signal(victim, "STOP");
                    history.pass(SILENCE_MS);
                    cluster.signal(victim, "CONT");
                } else {
                    cluster.kill(victim);
                    history.awaitMore(BETWEEN);
                    cluster.start(victim);
                }
                history.awaitMore(BETWEEN);
            }
            history.stopLoad();
            load.join();
            history.awaitDone(worker);
            history.stop();
            for (Thread consumer : consumers) {
                consumer.join();
            }
            System.out.println(history.acknowledged() + " acknowledged, " + history.stale() + " leases were over");
            history.check(worker);
            assertTrue(history.acknowledged() >= KILLS * BETWEEN);
        } finally {
            history.stopLoad();
            history.stop();
        }
    }
}
