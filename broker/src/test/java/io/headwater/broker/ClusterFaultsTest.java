package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.Topic;
import io.headwater.storage.EntryAudit;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogVerifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** What three brokers in processes of their own live through while a client publishes and another reads along. */
@Timeout(600)
class ClusterFaultsTest {
    private static final int NODES = 3;
    /** How many of them are struck, one after the other; the first one decides for the cluster at first, and leads. */
    private static final int STRUCK = Math.min(NODES, Integer.getInteger("headwater.kills", 1));
    /** How often one of them is struck, in turn, where that may be more than once each. */
    private static final int ROUNDS = Integer.getInteger("headwater.kills", 1);
    /** All that one cluster has acknowledged is remembered: with more rounds there is a new cluster. */
    private static final int ROUNDS_OF_ONE = 10 * NODES;

    private static final int ROUNDS_TIMEOUT_S = 7200;

    private static final int SOME = 1_000;
    private static final String LARGE = "large";
    /** Of partitions with one voter. */
    private static final String OWN = "own";

    private static final int LARGE_BYTES = 64 << 10;
    /** More than all that is ever reserved. */
    private static final int MANY_LARGE = 500;
    /** As long as it takes to find out that a node says nothing, and some more on a busy machine. */
    private static final long SILENCE_MS = 12_000;

    /** Until a node that came back leads again what it is preferred for, and some more. */
    private static final long HANDBACK_MS = 15_000;

    private static final long ALONE_MS = 3_000;
    /** The second that leaders are given to say how far followers are behind, and some more. */
    private static final long ANSWER_MS = 2_500;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    private StreamHistory history = new StreamHistory("-", 500_000);

    private interface Fault {
        void strike(ClusterOfProcesses cluster) throws Exception;
    }

    private interface FaultOfOne {
        void strike(ClusterOfProcesses cluster, int node) throws Exception;
    }

    private void under(Fault fault) throws Exception {
        under(Map.of(), fault);
    }

    private void under(Map<String, String> settings, Fault fault) throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES, settings)) {
            history.during(cluster, SOME, () -> fault.strike(cluster));
        }
    }

    /** Strikes one node after the other, from the first one on, as often as there are rounds. */
    private void inTurn(FaultOfOne fault) throws Exception {
        Path all = directory;
        for (int first = 0; first < ROUNDS; first += ROUNDS_OF_ONE) {
            PrimitiveIterator.OfInt rounds = IntStream.range(first, Math.min(ROUNDS, first + ROUNDS_OF_ONE))
                    .iterator();
            directory = Files.createDirectory(all.resolve("from-round-" + first));
            history = new StreamHistory("-", 500_000);
            under(cluster -> {
                while (rounds.hasNext()) {
                    fault.strike(cluster, 1 + rounds.nextInt() % NODES);
                }
            });
        }
    }

    /** Strikes one node; the others acknowledge so many more, without a long pause. */
    private void goesOn(String what, int more, StreamHistory.Ordeal strike) throws Exception {
        history.takeLongestPauseMs();
        strike.undergo();
        history.awaitMore(more);
        long pauseMs = history.takeLongestPauseMs();
        System.out.println(what + ": longest pause " + pauseMs + " ms");
        assertTrue(pauseMs < SILENCE_MS, what + ": paused for " + pauseMs + " ms");
    }

    @Test
    void restartsOfAllOneAfterTheOther() throws Exception {
        under(cluster -> {
            for (int each = 1; each <= NODES; each++) {
                int node = each;
                goesOn("restart of node " + node, SOME, () -> {
                    cluster.stop(node);
                    history.awaitMore(SOME);
                    cluster.start(node);
                });
            }
        });
    }

    @Test
    void allKilledAtOnce() throws Exception {
        under(cluster -> {
            for (int node = 1; node <= NODES; node++) {
                cluster.kill(node);
            }
            cluster.startAll();
        });
    }

    @Test
    @Timeout(ROUNDS_TIMEOUT_S)
    void oneSaysNothingForAWhileAndComesBackAsIfNothingHadHappened() throws Exception {
        inTurn((cluster, node) -> {
            goesOn("node " + node + " says nothing", 4 * SOME, () -> {
                cluster.signal(node, "STOP");
                assertUnknown(cluster, node);
            });
            cluster.signal(node, "CONT");
            history.awaitMore(SOME);
        });
    }

    @Test
    @Timeout(ROUNDS_TIMEOUT_S)
    void aDiskThatHangsLeadsNothingAndFollowsAgain() throws Exception {
        inTurn((cluster, node) -> {
            ledBy(cluster, node);
            goesOn("disk of node " + node + " hangs", 4 * SOME, () -> cluster.freeze(node));
            awaitLeaders(cluster, StreamHistory.TOPIC, topic -> isLedBySomebody(topic) && !isLedBy(topic, node));
            cluster.thaw(node);
            history.awaitMore(SOME);
        });
    }

    @Test
    @Timeout(ROUNDS_TIMEOUT_S)
    void aDiskThatFailsLeadsNothingUntilARestart() throws Exception {
        inTurn((cluster, node) -> {
            ledBy(cluster, node);
            goesOn("disk of node " + node + " fails", 4 * SOME, () -> cluster.failSyncs(node));
            awaitLeaders(cluster, StreamHistory.TOPIC, topic -> isLedBySomebody(topic) && !isLedBy(topic, node));
            cluster.kill(node);
            cluster.start(node);
            history.awaitMore(SOME);
            awaitLeaders(cluster, StreamHistory.TOPIC, ClusterFaultsTest::isLedBySomebody);
        });
    }

    /** It leads on, tells producers, and takes what they send when there is room; nobody restarts anything. */
    @Test
    void aLeaderWhoseDiskIsFullRefusesUntilThereIsRoom() throws Exception {
        under(Map.of("storage.segment-bytes", "1MiB"), cluster -> {
            try (HeadwaterClient client = cluster.client(Duration.ofMinutes(1));
                    Producer producer = client.producer().build()) {
                client.admin().createTopic(LARGE, TopicSettings.defaults().withPartitions(NODES));
                for (int node = 1; node <= STRUCK; node++) {
                    int index = ledBy(cluster, LARGE, node).getIndex();
                    cluster.fillDisk(node);
                    HeadwaterException refused = sendUntilRefused(producer, index);
                    assertEquals("DISK_FULL", refused.code());
                    assertEquals(node, partition(client, LARGE, index).getLeader(), "who leads while the disk is full");
                    cluster.makeRoom(node);
                    sendUntilTaken(producer, index);
                    assertEquals(node, partition(client, LARGE, index).getLeader(), "who leads when there is room");
                    history.awaitMore(4 * SOME);
                }
            }
        });
    }

    private static ProducerRecord largeRecord(int index) {
        return ProducerRecord.of(LARGE, new byte[LARGE_BYTES]).withPartition(index);
    }

    /** What was reserved takes some more. */
    private static HeadwaterException sendUntilRefused(Producer producer, int index) throws Exception {
        for (int sent = 0; sent < MANY_LARGE; sent++) {
            try {
                producer.send(largeRecord(index)).get(30, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                return assertInstanceOf(HeadwaterException.class, e.getCause());
            }
        }
        throw new AssertionError("never full");
    }

    private void sendUntilTaken(Producer producer, int index) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        for (boolean taken = false; !taken; ) {
            try {
                producer.send(largeRecord(index)).get(30, TimeUnit.SECONDS);
                taken = true;
            } catch (ExecutionException e) {
                assertTrue(System.nanoTime() - endNs < 0, "still refused: " + e.getCause());
                history.pass(100);
            }
        }
    }

    private static Partition partition(HeadwaterClient client, String topic, int index) {
        return client.admin().describeTopic(topic).getTopic().getPartitions(index);
    }

    @Test
    void aBitThatRotsOnOneNodeIsServedByAnotherAndHealed() throws Exception {
        under(cluster -> {
            history.awaitMore(4 * SOME);
            Partition rotten = ledBy(cluster, 2);
            cluster.kill(2);
            cluster.rot(2, rotten.getPartitionId());
            cluster.start(2);
            // It may lead again what it prefers, as it does not know yet; all that is read below must be right.
            history.pass(HANDBACK_MS);
            try (HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
                history.readToTheEnd(reader).checkWhatIsThere("while a bit is rotten");
            }
            awaitHealed(cluster, 2, rotten);
        });
    }

    /** Of a partition that others lead: nobody reads it there. */
    @Test
    void aBitThatRotsWhereNobodyReadsIsFoundAndHealed() throws Exception {
        under(cluster -> {
            history.awaitMore(4 * SOME);
            Partition rotten = ledBy(cluster, 1);
            goesOn("a bit rots on node 2", 4 * SOME, () -> cluster.rot(2, rotten.getPartitionId()));
            awaitHealed(cluster, 2, rotten);
        });
    }

    private Partition ledBy(ClusterOfProcesses cluster, int node) throws Exception {
        return ledBy(cluster, StreamHistory.TOPIC, node);
    }

    private Partition ledBy(ClusterOfProcesses cluster, String name, int node) throws Exception {
        return awaitLeaders(cluster, name, topic -> isLedBy(topic, node)).getPartitionsList().stream()
                .filter(each -> each.getLeader() == node)
                .findFirst()
                .orElseThrow();
    }

    /** Nobody does anything about it: the copy is whole again, votes, and its files are in order. */
    private void awaitHealed(ClusterOfProcesses cluster, int node, Partition rotten) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        int port = cluster.adminPort(node);
        while (BrokerMetrics.value(BrokerMetrics.page(port), "headwater_repairs_ended_total") < 1) {
            assertTrue(
                    System.nanoTime() - endNs < 0, "not healed after a minute; see " + cluster.dataOf(node) + ".log");
            history.pass(100);
        }
        try (HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            while (!isInSync(client.admin().describeTopic(StreamHistory.TOPIC).getPartitions(rotten.getIndex()))) {
                assertTrue(System.nanoTime() - endNs < 0, "not all are in sync after a minute");
                history.pass(100);
            }
        }
        assertEquals(0, BrokerMetrics.value(BrokerMetrics.page(port), "headwater_partitions_offline"));
        cluster.stop(node);
        List<LogVerifier.Finding> damage = new ArrayList<>();
        LogVerifier.verify(new FileSystemDisk(), cluster.dataOf(node), List.of(), EntryAudit.NONE, found -> {
            if (found.severity() == LogVerifier.Severity.DAMAGE) {
                damage.add(found);
            }
        });
        assertEquals(List.of(), damage);
        cluster.start(node);
    }

    /** But for what is on its way. */
    private static boolean isInSync(PartitionDescription partition) {
        return partition.getFollowersCount() == NODES - 1
                && partition.getFollowersList().stream().allMatch(follower -> follower.getEntries() < SOME);
    }

    private static boolean isLedBySomebody(Topic topic) {
        return topic.getPartitionsList().stream().allMatch(each -> each.getLeader() != 0);
    }

    private static boolean isLedBy(Topic topic, int node) {
        return topic.getPartitionsList().stream().anyMatch(each -> each.getLeader() == node);
    }

    private Topic awaitLeaders(ClusterOfProcesses cluster, String name, Predicate<Topic> wanted) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        try (HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            Topic last = client.admin().describeTopic(name).getTopic();
            while (!wanted.test(last)) {
                assertTrue(System.nanoTime() - endNs < 0, "after a minute: " + last);
                history.pass(100);
                last = client.admin().describeTopic(name).getTopic();
            }
            return last;
        }
    }

    @Test
    void clocksThatJumpDisturbNobody() throws Exception {
        under(cluster -> {
            for (long hours : new long[] {1, -1, 24 * 365}) {
                for (int each = 1; each <= NODES; each++) {
                    int node = each;
                    long offMs = TimeUnit.HOURS.toMillis(hours * node);
                    goesOn("clock of node " + node + " off by " + offMs, SOME, () -> cluster.setClockOff(node, offMs));
                }
            }
            for (int node = 1; node <= NODES; node++) {
                cluster.setClockOff(node, 0);
            }
            history.awaitMore(SOME);
        });
    }

    @Test
    void twoOfThreeAreGoneAndComeBack() throws Exception {
        under(cluster -> {
            try (HeadwaterClient client = cluster.client(Duration.ofMinutes(1));
                    Producer producer = client.producer().build()) {
                client.admin()
                        .createTopic(
                                OWN,
                                TopicSettings.defaults().withPartitions(NODES).withReplicas(1));
                ProducerRecord own = ProducerRecord.ofUtf8(OWN, null, "a majority of one")
                        .withPartition(ledBy(cluster, OWN, NODES).getIndex());
                // Who has no producer id yet may get none: new ones come from the metadata.
                producer.send(own).get(1, TimeUnit.MINUTES);
                cluster.kill(1);
                cluster.kill(2);
                history.pass(ALONE_MS);
                int before = history.acknowledged();
                long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ALONE_MS);
                while (System.nanoTime() - endNs < 0) {
                    producer.send(own).get(ALONE_MS, TimeUnit.MILLISECONDS);
                }
                assertEquals(before, history.acknowledged(), "acknowledged by one of three");
            }
            cluster.startAll();
            history.awaitMore(4 * SOME);
        });
    }

    @Test
    void aLostDiskIsNobodyUntilItIsFullAgain() throws Exception {
        under(cluster -> {
            cluster.kill(2);
            cluster.wipe(2);
            history.awaitMore(SOME);
            cluster.start(2);
            int another = nodeId(cluster, 2);
            assertTrue(another > NODES, "it came back as node " + another);
            history.awaitMore(SOME);
            try (HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
                client.admin().decommission(2, false);
                Set<Integer> voters = Set.of(1, 3, another);
                awaitLeaders(cluster, StreamHistory.TOPIC, topic -> isVotedBy(topic, voters));
                awaitNothingAmissWithout(client, 2);
            }
            history.awaitMore(SOME);
        });
    }

    /** What the broker in this place is called in the cluster. */
    private static int nodeId(ClusterOfProcesses cluster, int place) {
        try (HeadwaterClient client = cluster.client(place)) {
            return client.admin().cluster().getAnsweredBy();
        }
    }

    private static boolean isVotedBy(Topic topic, Set<Integer> nodes) {
        return topic.getPartitionsList().stream()
                .allMatch(each -> each.getVotersCount() == nodes.size() && nodes.containsAll(each.getVotersList()));
    }

    /** The node has left for good, each partition has a leader, and all its voters live. */
    private void awaitNothingAmissWithout(HeadwaterClient client, int node) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        for (ClusterDescription seen = client.admin().cluster();
                seen.getController() == 0 || seen.getConcernsCount() > 0 || isThere(seen, node);
                seen = client.admin().cluster()) {
            assertTrue(System.nanoTime() - endNs < 0, "after a minute: " + seen);
            history.pass(100);
        }
    }

    /** Who has just fallen silent holds up nobody who wants to see how the others are. */
    private static void assertUnknown(ClusterOfProcesses cluster, int silent) throws Exception {
        try (HeadwaterClient client = cluster.client(1 + silent % NODES)) {
            long beganNs = System.nanoTime();
            ClusterDescription seen = client.admin().cluster();
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNs);
            assertTrue(tookMs < ANSWER_MS, () -> "answered after " + tookMs + " ms: " + seen);
            boolean leads =
                    seen.getNodesList().stream().anyMatch(each -> each.getNodeId() == silent && each.getLeads() > 0);
            assertEquals(leads ? List.of(silent) : List.of(), seen.getLags().getUnknownList(), seen::toString);
        }
    }

    private static boolean isThere(ClusterDescription cluster, int node) {
        return cluster.getNodesList().stream().anyMatch(each -> each.getNodeId() == node);
    }
}
