package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.protocol.wire.AckLevel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole clusters in one process: Ratis and the disk are real, the network is a queue, replicas are empty. */
@Timeout(60)
class ClusterTest {
    @TempDir
    Path directory;

    private final TestNet net = new TestNet();
    private final List<TestBroker> brokers = new ArrayList<>();

    @AfterEach
    void closeAll() {
        brokers.forEach(TestBroker::close);
        net.close();
    }

    private TestBroker broker(int port) {
        TestBroker broker = new TestBroker(net, port, directory.resolve("broker-" + port));
        brokers.add(broker);
        return broker;
    }

    private TestBroker again(TestBroker gone) {
        brokers.remove(gone);
        return broker(gone.place.port());
    }

    private void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            brokers.forEach(TestBroker::turn);
            Thread.onSpinWait();
        }
        brokers.forEach(TestBroker::turn);
    }

    private TestBroker founded() {
        TestBroker first = broker(1).start();
        until(first::isStarted);
        return first;
    }

    private TestBroker joined(int port) {
        TestBroker broker = broker(port).start(1);
        until(broker::isStarted);
        return broker;
    }

    /** Brokers 1 to this many, of which the first three are voters. */
    private void cluster(int count) {
        founded();
        for (int port = 2; port <= count; port++) {
            joined(port);
        }
        until(() -> voters() == 3);
    }

    private int voters() {
        return (int) brokers.stream()
                .filter(broker ->
                        broker.starting().isDone() && broker.metadata().voters().contains(broker.voter()))
                .count();
    }

    private TestBroker controller() {
        TestBroker[] found = new TestBroker[1];
        until(() -> {
            for (TestBroker broker : brokers) {
                if (broker.starting().isDone() && broker.metadata().leading() != null) {
                    found[0] = broker;
                }
            }
            return found[0] != null;
        });
        return found[0];
    }

    private static Command create(String topic, int partitions) {
        return Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName(topic)
                        .setPartitions(partitions)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE)))
                .build();
    }

    private Outcome agreed(TestBroker broker, Command command) {
        CompletableFuture<Outcome> outcome = broker.propose(command);
        until(outcome::isDone);
        return outcome.join();
    }

    private void took(TestBroker broker, Command command) {
        Outcome outcome = agreed(broker, command);
        assertInstanceOf(Outcome.Committed.class, outcome, outcome.toString());
    }

    private void untilAllKnow(String topic) {
        until(() ->
                brokers.stream().allMatch(broker -> broker.metadata().image().topic(topic) != null));
    }

    private static PartitionInfo partition(TestBroker broker, String topic, int index) {
        return Objects.requireNonNull(broker.metadata().image().topic(topic))
                .partitions()
                .get(index);
    }

    private static NodeInfo node(TestBroker broker, int id) {
        return Objects.requireNonNull(broker.metadata().image().node(id));
    }

    @Test
    void oneBrokerFoundsAClusterAndComesBackToIt() {
        TestBroker first = founded();
        assertEquals(1, first.id());
        took(first, create("a", 2));
        String cluster = first.metadata().image().clusterId();
        PartitionInfo before = partition(first, "a", 0);
        first.kill();

        TestBroker back = again(first).start();
        until(back::isStarted);
        assertEquals(cluster, back.metadata().image().clusterId());
        PartitionInfo now = partition(back, "a", 0);
        assertTrue(now.epoch() > before.epoch(), now + " after " + before);
        assertEquals(
                back.node().incarnation(), Objects.requireNonNull(now.leader()).incarnation());
    }

    @Test
    void brokersJoinAndThreeOfThemVote() {
        founded();
        TestBroker second = joined(2);
        assertEquals(2, second.id());
        assertEquals(List.of(brokers.get(0).voter()), brokers.get(0).metadata().voters());
        joined(3);
        until(() -> voters() == 3);
        TestBroker fourth = joined(4);
        assertEquals(4, fourth.id());
        for (TestBroker each : brokers) {
            took(each, create("from-" + each.id(), 1));
            assertInstanceOf(Outcome.Refused.class, agreed(each, create("from-" + each.id(), 1)));
        }
        for (TestBroker each : brokers) {
            untilAllKnow("from-" + each.id());
            assertFalse(node(each, 4).fenced());
            assertEquals(controller().id(), each.metadata().controllerNode());
        }
        assertEquals(List.of(), fourth.metadata().voters());
    }

    @Test
    void theOthersGoOnWithoutTheLeadingVoterAndItComesBack() {
        cluster(3);
        took(brokers.get(0), create("before", 6));
        TestBroker leader = controller();
        CompletableFuture<Outcome> lost = leader.propose(create("lost", 1));
        int gone = leader.id();
        leader.kill();
        until(lost::isDone);
        assertTrue(lost.isCompletedExceptionally());

        brokers.remove(leader);
        took(brokers.get(0), create("after", 1));
        until(() -> node(brokers.get(0), gone).fenced());
        until(() -> allLedByOthers(brokers.get(0), "before", gone));

        TestBroker back = broker(leader.place.port()).start();
        until(back::isStarted);
        assertEquals(gone, back.id());
        untilAllKnow("after");
        until(() -> !node(brokers.get(0), gone).fenced());
        took(back, create("again", 1));
    }

    private static boolean allLedByOthers(TestBroker broker, String topic, int gone) {
        return Objects.requireNonNull(broker.metadata().image().topic(topic)).partitions().stream()
                .allMatch(each -> each.leader() != null && each.leader().nodeId() != gone);
    }

    @Test
    void aSilentNodeIsFencedAndWhatItLedIsLedByOthersUntilItIsHeardOfAgain() {
        cluster(3);
        took(brokers.get(0), create("a", 9));
        untilAllKnow("a");
        TestBroker leader = controller();
        TestBroker silent =
                brokers.stream().filter(broker -> broker != leader).findFirst().orElseThrow();
        long incarnation = silent.node().incarnation();
        assertFalse(allLedByOthers(leader, "a", silent.id()));
        silent.cut();
        until(() -> node(leader, silent.id()).fenced());
        until(() -> allLedByOthers(leader, "a", silent.id()));

        silent.mend();
        until(() -> !node(leader, silent.id()).fenced());
        assertEquals(incarnation, node(leader, silent.id()).incarnation());
        until(() -> allLedByOthers(silent, "a", silent.id()));
        assertNull(silent.fatal.get());
    }

    @Test
    void eachOfThreeIsRestartedInTurn() {
        cluster(3);
        took(brokers.get(0), create("a", 3));
        for (int port = 1; port <= 3; port++) {
            int now = port;
            TestBroker old = brokers.stream()
                    .filter(broker -> broker.place.port() == now)
                    .findFirst()
                    .orElseThrow();
            long incarnation = old.node().incarnation();
            old.kill();
            TestBroker back = again(old).start();
            until(back::isStarted);
            assertNotEquals(incarnation, back.node().incarnation());
            untilAllKnow("a");
            took(back, create("by-" + port, 1));
        }
        until(() -> brokers.stream()
                .allMatch(broker -> broker.metadata().image().nodes().stream().noneMatch(NodeInfo::fenced)));
        until(() -> Objects.requireNonNull(brokers.get(0).metadata().image().topic("a")).partitions().stream()
                .allMatch(each -> each.leader() != null));
    }
}
