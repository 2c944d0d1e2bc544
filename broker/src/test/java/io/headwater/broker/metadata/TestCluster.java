package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.protocol.wire.ErrorCode;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** A picture to which a test applies commands. */
final class TestCluster {
    MetadataImage image = MetadataImage.empty("c");

    /** Nodes 1 to this number, with the directory {@code d1} and the run {@code r1}, … */
    static TestCluster of(int nodes) {
        TestCluster cluster = new TestCluster();
        for (int node = 1; node <= nodes; node++) {
            cluster.took(ClusterCommands.register(node, "d" + node, "r" + node));
        }
        return cluster;
    }

    Outcome apply(Command command) {
        Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, command);
        if (outcome instanceof Outcome.Committed committed) {
            image = committed.image();
        }
        return outcome;
    }

    Outcome.Committed took(Command command) {
        Outcome outcome = apply(command);
        return assertInstanceOf(Outcome.Committed.class, outcome, outcome.toString());
    }

    /** Committed as a whole, while each item says for itself. */
    void tookItems(List<Boolean> expected, Command command) {
        assertEquals(expected, took(command).took());
    }

    String refused(ErrorCode code, Command command) {
        MetadataImage before = image;
        Outcome.Refused refusal = assertInstanceOf(Outcome.Refused.class, apply(command));
        assertEquals(code, refusal.code(), refusal.message());
        assertEquals(before, image);
        return refusal.message();
    }

    NodeInfo node(int nodeId) {
        return Objects.requireNonNull(image.node(nodeId), "node " + nodeId);
    }

    Replica replica(int nodeId) {
        return node(nodeId).replica();
    }

    Leader leader(int nodeId) {
        return node(nodeId).leader();
    }

    List<Replica> replicas(int... nodeIds) {
        return Arrays.stream(nodeIds).mapToObj(this::replica).toList();
    }

    TopicInfo topic(String name) {
        return Objects.requireNonNull(image.topic(name), name);
    }

    PartitionInfo partition(long partitionId) {
        return Objects.requireNonNull(image.partition(partitionId), "partition " + partitionId);
    }
}
