package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

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
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Whole clusters in one process: Ratis and the disk are real, the network is a queue, replicas are empty. */
class ClusterWorld {
    @TempDir
    Path directory;

    final TestNet net = new TestNet();
    final List<TestBroker> brokers = new ArrayList<>();

    @AfterEach
    void closeAll() {
        brokers.forEach(TestBroker::close);
        net.close();
    }

    final TestBroker broker(int port) {
        TestBroker broker = new TestBroker(net, port, directory.resolve("broker-" + port));
        brokers.add(broker);
        return broker;
    }

    final TestBroker again(TestBroker gone) {
        brokers.remove(gone);
        return broker(gone.place.port());
    }

    final void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            brokers.forEach(TestBroker::turn);
            LockSupport.parkNanos(200_000);
        }
        brokers.forEach(TestBroker::turn);
    }

    final TestBroker founded() {
        TestBroker first = broker(1).start();
        until(first::isStarted);
        return first;
    }

    final TestBroker joined(int port) {
        TestBroker broker = broker(port).start(1);
        until(broker::isStarted);
        return broker;
    }

    /** Brokers 1 to this many, of which the first three are voters. */
    final void cluster(int count) {
        founded();
        for (int port = 2; port <= count; port++) {
            joined(port);
        }
        until(() -> voters() == 3);
    }

    final int voters() {
        return (int) brokers.stream()
                .filter(broker ->
                        broker.starting().isDone() && broker.metadata().voters().contains(broker.voter()))
                .count();
    }

    final TestBroker controller() {
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

    static Command create(String topic, int partitions) {
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

    final Outcome agreed(TestBroker broker, Command command) {
        CompletableFuture<Outcome> outcome = broker.propose(command);
        until(outcome::isDone);
        return outcome.join();
    }

    final void took(TestBroker broker, Command command) {
        Outcome outcome = agreed(broker, command);
        assertInstanceOf(Outcome.Committed.class, outcome, outcome.toString());
    }

    final void untilAllKnow(String topic) {
        until(() ->
                brokers.stream().allMatch(broker -> broker.metadata().image().topic(topic) != null));
    }

    static PartitionInfo partition(TestBroker broker, String topic, int index) {
        return Objects.requireNonNull(broker.metadata().image().topic(topic))
                .partitions()
                .get(index);
    }

    static NodeInfo node(TestBroker broker, int id) {
        return Objects.requireNonNull(broker.metadata().image().node(id));
    }

    static boolean allLedByOthers(TestBroker broker, String topic, int gone) {
        return Objects.requireNonNull(broker.metadata().image().topic(topic)).partitions().stream()
                .allMatch(each -> each.leader() != null && each.leader().nodeId() != gone);
    }

    static boolean allLedByThePreferred(TestBroker broker, String topic) {
        return Objects.requireNonNull(broker.metadata().image().topic(topic)).partitions().stream()
                .allMatch(each -> each.leader() != null
                        && each.leader().nodeId()
                                == each.replicas().voters().get(0).nodeId());
    }
}
