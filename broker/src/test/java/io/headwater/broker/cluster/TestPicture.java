package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataMachine;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.RegisterNode;
import java.util.Objects;
import java.util.UUID;

/** A picture to which a test applies commands: nodes 1 to some number, each in a rack of its own unless told. */
final class TestPicture {
    MetadataImage image = MetadataImage.empty(new UUID(7, 7).toString());

    TestPicture(int nodes) {
        for (int node = 1; node <= nodes; node++) {
            register(node, "first");
        }
    }

    static String directory(int node) {
        return new UUID(0, node).toString();
    }

    void register(int node, String run) {
        NodeInfo before = image.node(node);
        if (before != null && !before.fenced()) {
            took(Commands.fence(before));
        }
        register(node, directory(node), "rack-" + node, run);
    }

    void register(int node, String directory, String rack, String run) {
        took(Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setNodeId(node)
                        .setDirectoryId(directory)
                        .setPeerEndpoint("test:" + node)
                        .setRack(rack)
                        .setRun(run)));
    }

    Outcome.Committed took(Command.Builder command) {
        Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, command.build());
        if (!(outcome instanceof Outcome.Committed committed)) {
            throw new AssertionError(outcome.toString());
        }
        image = committed.image();
        return committed;
    }

    NodeInfo node(int node) {
        return Objects.requireNonNull(image.node(node));
    }

    String voter(int node) {
        return VoterName.of(node(node)).toString();
    }
}
