package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicDescription;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three brokers in processes of their own, and a network between them that is cut in all its shapes, while clients reach
 * all of them: whoever publishes is told the truth, and goes on as soon as a majority can talk. {@code
 * -Dheadwater.kills=100} for longer.
 */
@Timeout(7200)
class ClusterPartitionTest {
    /** How often one of the nodes is struck, in turn; the first one decides for the cluster at first, and leads. */
    private static final int ROUNDS = Integer.getInteger("headwater.kills", 1);
    /** So often any of them, several times each. */
    private static final int CUTS = Integer.getInteger("headwater.kills", 2);

    private static final long SEED = Long.getLong("headwater.seed", 7);
    private static final int NODES = 3;
    /** All that one cluster has acknowledged is remembered: with more rounds there is a new cluster. */
    private static final int ROUNDS_OF_ONE = 10 * NODES;

    private static final int SOME = 1_000;
    /** More than can be under way while one partition stands still. */
    private static final int OF_ALL = 3_000;

    private static final String WITNESS = "witness";
    /** As long as it takes to find out that a node says nothing, and some more on a busy machine. */
    private static final long SILENCE_MS = 15_000;
    /** Longer than it takes to give up a connection, and to fence a node. */
    private static final long LONG_CUT_MS = 9_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    private StreamHistory history = new StreamHistory(Long.toString(SEED), 500_000);

    private interface Fault {
        void strike(ClusterOfProcesses cluster, PeerNetwork network) throws Exception;
    }

    private interface FaultOfARound {
        void strike(ClusterOfProcesses cluster, PeerNetwork network, int round) throws Exception;
    }

    private void under(Fault fault) throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.startOnNetwork(directory, NODES);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            sender.admin().createTopic(WITNESS, TopicSettings.defaults().withPartitions(NODES));
            history.during(sender, reader, () -> {
                history.awaitMore(SOME);
                try {
                    fault.strike(cluster, cluster.network());
                } catch (AssertionError e) {
                    throw new AssertionError(e.getMessage() + cluster.pictures(StreamHistory.TOPIC), e);
                }
                cluster.network().heal();
                history.awaitMore(SOME);
                awaitTopic(cluster, 1, ClusterPartitionTest::isWhole);
            });
            assertTrue(cluster.network().held() > 0, "nothing was cut");
        }
    }

    /** So many rounds, from 0 on. */
    private void inRounds(int count, FaultOfARound fault) throws Exception {
        Path all = directory;
        for (int first = 0; first < count; first += ROUNDS_OF_ONE) {
            PrimitiveIterator.OfInt rounds = IntStream.range(first, Math.min(count, first + ROUNDS_OF_ONE))
                    .iterator();
            directory = Files.createDirectory(all.resolve("from-round-" + first));
            history = new StreamHistory(Long.toString(SEED), 500_000);
            under((cluster, network) -> {
                while (rounds.hasNext()) {
                    fault.strike(cluster, network, rounds.nextInt());
                    network.heal();
                    goesOn("healed");
                }
            });
        }
    }

    @Test
    void aLeaderGoesOnWithoutOneOfItsFollowers() throws Exception {
        inRounds(ROUNDS, (cluster, network, round) -> {
            int leader = leaderOf(cluster, 0);
            int follower = network.others(leader).get(round % (NODES - 1));
            network.cutBothWays(leader, follower);
            goesOnForLong("cut between the leader " + leader + " and " + follower);
        });
    }

    @Test
    void oneCutOffFromAllOthersConfirmsNothingAndAnotherLeads() throws Exception {
        inRounds(ROUNDS, (cluster, network, round) -> {
            int alone = 1 + round % NODES;
            Partition witness = awaitLeader(cluster, alone);
            long end = end(cluster, alone, witness.getPartitionId(), false);
            network.isolate(alone);
            assertNotConfirmed(cluster, alone, witness.getPartitionId());
            goesOn("node " + alone + " alone");
            assertGivesNoOldEnd(cluster, alone, witness, end);
            awaitTopic(
                    cluster,
                    network.others(alone).get(0),
                    topic -> topic.getPartitionsList().stream().noneMatch(each -> each.getLeader() == alone));
            assertNotConfirmed(cluster, alone, witness.getPartitionId());
        });
    }

    @Test
    void aLeaderCutOffFromTheControllerOnly() throws Exception {
        inRounds(ROUNDS, (cluster, network, round) -> {
            int controller = controller(cluster);
            int node = network.others(controller).get(round % (NODES - 1));
            network.cutBothWays(node, controller);
            goesOnForLong("node " + node + " without the controller " + controller);
        });
    }

    @Test
    void oneThatHearsNobody() throws Exception {
        inRounds(ROUNDS, (cluster, network, round) -> {
            int node = 1 + round % NODES;
            network.deafen(node);
            goesOnForLong("node " + node + " is deaf");
        });
    }

    @Test
    void oneThatNobodyHears() throws Exception {
        inRounds(ROUNDS, (cluster, network, round) -> {
            int node = 1 + round % NODES;
            network.silence(node);
            goesOnForLong("node " + node + " is mute");
        });
    }

    @Test
    void nobodyReachesAnybody() throws Exception {
        under((cluster, network) -> {
            int controller = controller(cluster);
            Partition witness = awaitLeader(cluster, controller);
            assertEquals("online", state(cluster, controller, witness));
            IntStream.rangeClosed(1, NODES).forEach(network::isolate);
            String state = state(cluster, controller, witness);
            assertTrue(state.startsWith("unconfirmed: "), state);
            history.pass(LONG_CUT_MS);
            int before = history.acknowledged();
            history.pass(1_000);
            assertEquals(before, history.acknowledged(), "acknowledged without a majority");
            network.heal();
            goesOn("healed");
        });
    }

    /** Any cuts, one upon the other, for any time. */
    @Test
    void cutsThatComeAndGo() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        inRounds(CUTS, (cluster, network, round) -> {
            for (int flap = random.nextInt(1, 6); flap > 0; flap--) {
                for (int cuts = random.nextInt(1, 4); cuts > 0; cuts--) {
                    int from = random.nextInt(1, NODES + 1);
                    network.cut(from, 1 + (from + random.nextInt(NODES - 1)) % NODES);
                }
                history.pass(random.nextBoolean() ? random.nextInt(50, 800) : random.nextInt(800, 7_000));
                if (random.nextInt(3) > 0) {
                    network.heal();
                    history.pass(random.nextInt(50, 1_500));
                }
            }
        });
    }

    private void goesOn(String what) throws InterruptedException {
        history.takeLongestPauseMs();
        history.awaitMore(OF_ALL);
        long pauseMs = history.takeLongestPauseMs();
        System.out.println(what + ": longest pause " + pauseMs + " ms");
        assertTrue(pauseMs < SILENCE_MS, what + ": paused for " + pauseMs + " ms");
    }

    private void goesOnForLong(String what) throws InterruptedException {
        goesOn(what);
        history.pass(LONG_CUT_MS);
        goesOn("still");
    }

    private static boolean isWhole(Topic topic) {
        return topic.getPartitionsList().stream()
                .allMatch(each -> each.getLeader() != 0 && each.getVotersCount() == NODES);
    }

    private static Topic topic(HeadwaterClient client) {
        return client.admin().topics().stream()
                .filter(each -> each.getName().equals(WITNESS))
                .findFirst()
                .orElseThrow();
    }

    /** As one node sees it. */
    private Topic awaitTopic(ClusterOfProcesses cluster, int node, Predicate<Topic> wanted) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        String last = "";
        while (System.nanoTime() - endNs < 0) {
            try (HeadwaterClient client = cluster.client(node)) {
                Topic topic = topic(client);
                if (wanted.test(topic)) {
                    return topic;
                }
                last = topic.toString();
            } catch (HeadwaterException.Retriable e) {
                last = e.toString();
            }
            history.pass(200);
        }
        throw new AssertionError("after a minute: " + last);
    }

    private int leaderOf(ClusterOfProcesses cluster, int partition) throws Exception {
        return awaitTopic(cluster, 1, topic -> topic.getPartitions(partition).getLeader() != 0)
                .getPartitions(partition)
                .getLeader();
    }

    /** A partition that this node leads: sooner or later it leads what it is preferred for. */
    private Partition awaitLeader(ClusterOfProcesses cluster, int node) throws Exception {
        List<Partition> found = new ArrayList<>();
        awaitTopic(cluster, node, topic -> {
            topic.getPartitionsList().stream()
                    .filter(each -> each.getLeader() == node)
                    .forEach(found::add);
            return !found.isEmpty();
        });
        return found.get(0);
    }

    /** What only this node has is not confirmed, whatever it believes to be. */
    private static void assertNotConfirmed(ClusterOfProcesses cluster, int node, long partitionId) throws Exception {
        try (RawClient client = RawClient.connected(cluster.clientPort(node))) {
            client.socket().setSoTimeout(2_000);
            byte[] batch = Batches.of("alone");
            Frame reply = client.reply(client.sendProduce(partitionId, batch));
            assertTrue(
                    reply.isError()
                            || reply.message(ProduceReply.class).getResults(0).hasError(),
                    () -> "confirmed by one of three: " + reply.message());
        } catch (SocketTimeoutException e) {
            // No answer, which is right as well.
        }
    }

    /** What is acknowledged by now is not left out by whoever led before, unless its belief is asked for. */
    private static void assertGivesNoOldEnd(ClusterOfProcesses cluster, int node, Partition partition, long oldEnd)
            throws Exception {
        try (HeadwaterClient client = cluster.client(Duration.ofMinutes(1));
                Producer producer = client.producer().build()) {
            Producer.Acknowledgement told = producer.send(
                            ProducerRecord.ofUtf8(WITNESS, null, "by another").withPartition(partition.getIndex()))
                    .get(1, TimeUnit.MINUTES);
            assertEquals(oldEnd, told.offset());
        }
        assertEquals(oldEnd, end(cluster, node, partition.getPartitionId(), true), "what it believes");
        try (RawClient client = RawClient.connected(cluster.clientPort(node))) {
            Error error = client.failure(FrameType.FIND_OFFSET, findEnd(partition.getPartitionId(), false));
            assertEquals(ErrorCode.ERROR_NOT_LEADER, error.getCode(), error::getMessage);
            assertTrue(error.getRetriable() && !error.getUnknownOutcome() && error.getNodeId() == 0, error::toString);
            assertTrue(error.getMessage().contains("too few of its voters"), error::getMessage);
        }
    }

    /** Of a partition that the node leads, and as it describes it while it is, or takes itself for, the controller. */
    private static String state(ClusterOfProcesses cluster, int node, Partition partition) throws IOException {
        try (RawClient client = RawClient.connected(cluster.clientPort(node))) {
            Frame reply = client.call(
                    FrameType.DESCRIBE_TOPIC,
                    DescribeTopic.newBuilder().setName(WITNESS).build());
            assertFalse(reply.isError(), () -> "not described: " + reply.message());
            return reply.message(TopicDescription.class)
                    .getPartitions(partition.getIndex())
                    .getState();
        }
    }

    private static FindOffset findEnd(long partitionId, boolean local) {
        return FindOffset.newBuilder()
                .setPartitionId(partitionId)
                .setAnchor(Anchor.ANCHOR_END)
                .setLocal(local)
                .build();
    }

    private static long end(ClusterOfProcesses cluster, int node, long partitionId, boolean local) throws IOException {
        try (RawClient client = RawClient.connected(cluster.clientPort(node))) {
            Frame reply = client.call(FrameType.FIND_OFFSET, findEnd(partitionId, local));
            assertFalse(reply.isError(), () -> "no end: " + reply.message());
            return reply.message(FindOffsetReply.class).getEndOffset();
        }
    }

    /** Who decides for the cluster: whoever refuses a request for another reason. */
    private int controller(ClusterOfProcesses cluster) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (System.nanoTime() - endNs < 0) {
            for (int node = 1; node <= NODES; node++) {
                try (RawClient client = RawClient.connected(cluster.clientPort(node))) {
                    Error error = client.failure(
                            FrameType.CREATE_TOPIC,
                            CreateTopic.newBuilder().setName(WITNESS).build());
                    if (error.getCode() == ErrorCode.ERROR_TOPIC_EXISTS) {
                        return node;
                    }
                }
            }
            history.pass(200);
        }
        throw new AssertionError("nobody decides");
    }
}
