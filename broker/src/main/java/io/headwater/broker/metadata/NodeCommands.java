package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.DrainNode;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.metadata.wire.SetFeature;
import io.headwater.broker.metadata.wire.UnregisterNode;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the commands about nodes and what they can do change. */
final class NodeCommands {
    /** Counts are kept in arrays by node id. */
    static final int MAX_NODE_ID = 10_000;

    private static final int MAX_TEXT = 300;
    private static final int MAX_FEATURES = 100;

    private NodeCommands() {}

    /**
     * A partition whose only voter this is, it leads from now on, in a new epoch and in this one step: there is nobody
     * else to ask, and nothing of the run before can be mistaken for ours. Other partitions that it led keep the leader
     * of its old incarnation, which nobody is any more, until they are sealed.
     *
     * <p>A run registers once: who was not told of it and asked again may take effect when that run is at work already, in the
     * incarnation that it knows.
     */
    static Outcome register(MetadataImage image, RegisterNode command) {
        int nodeId = nodeId(image, command);
        NodeInfo before = image.node(nodeId);
        try {
            Refused refused = refusal(image, nodeId, command);
            if (refused != null) {
                return refused;
            }
            if (before != null && isSameRun(before, command)) {
                return Committed.withId(image, nodeId);
            }
            NodeInfo.Details details = new NodeInfo.Details(
                    command.getClientEndpoint(),
                    command.getPeerEndpoint(),
                    command.getRack(),
                    MetadataCodec.features(command.getFeaturesList()));
            Refused unsupported = unsupported(image, nodeId, details);
            if (unsupported != null) {
                return unsupported;
            }
            NodeInfo node = new NodeInfo(
                    new Replica(nodeId, command.getDirectoryId()),
                    new Leader(nodeId, image.appliedIndex()),
                    command.getRun(),
                    details,
                    false,
                    before != null && before.draining());
            MetadataImage registered = image.withCluster(image.cluster().with(node))
                    .withNext(image.next().afterNode(nodeId))
                    .withPartitions(takenOver(image, node));
            return Committed.withId(registered, nodeId);
        } catch (IllegalArgumentException e) {
            return badNode(nodeId, e.getMessage());
        }
    }

    /** Whoever did not hear its answer and asks for an id again gets the same. */
    private static int nodeId(MetadataImage image, RegisterNode command) {
        if (command.getNodeId() != 0) {
            return command.getNodeId();
        }
        NodeInfo known = image.cluster().nodeWithDirectory(command.getDirectoryId());
        return known == null ? image.next().nodeId() : known.nodeId();
    }

    private static @Nullable Refused refusal(MetadataImage image, int nodeId, RegisterNode command) {
        if (nodeId < 1 || nodeId > MAX_NODE_ID) {
            return badNode(nodeId, "node id: " + nodeId + " (expected: 1 to " + MAX_NODE_ID + ")");
        }
        if (command.getDirectoryId().isEmpty()) {
            return badNode(nodeId, "directory id: empty (expected: the identity of the data directory)");
        }
        if (command.getFeaturesCount() > MAX_FEATURES || isTooLong(command)) {
            return badNode(
                    nodeId,
                    "its description is too long (expected: at most " + MAX_FEATURES + " features, texts of at most "
                            + MAX_TEXT + " characters)");
        }
        NodeInfo owner = image.cluster().nodeWithDirectory(command.getDirectoryId());
        if (owner != null && owner.nodeId() != nodeId) {
            return badNode(nodeId, "data directory " + command.getDirectoryId() + " belongs to node " + owner.nodeId());
        }
        NodeInfo before = image.node(nodeId);
        return before == null || before.fenced() ? null : conflict(before, command);
    }

    private static boolean isTooLong(RegisterNode command) {
        return Stream.concat(
                        Stream.of(
                                command.getDirectoryId(),
                                command.getRun(),
                                command.getClientEndpoint(),
                                command.getPeerEndpoint(),
                                command.getRack()),
                        command.getFeaturesList().stream().map(io.headwater.broker.metadata.wire.FeatureRange::getName))
                .anyMatch(text -> text.length() > MAX_TEXT);
    }

    /** While a node is alive nobody takes its place: a copy of its data directory must not be started beside it. */
    private static @Nullable Refused conflict(NodeInfo before, RegisterNode command) {
        if (!before.directoryId().equals(command.getDirectoryId())) {
            return badNode(
                    before.nodeId(),
                    "it cannot register with data directory " + command.getDirectoryId()
                            + ": its partitions are on data directory " + before.directoryId()
                            + ", with which it is alive");
        }
        if (!before.run().isEmpty() && !before.run().equals(command.getRun())) {
            return badNode(
                    before.nodeId(),
                    "it is alive in run " + before.run() + " on the same data directory; if that has ended, it can "
                            + "register once it is fenced; if not, one of the two is a copy and must not run");
        }
        return null;
    }

    private static boolean isSameRun(NodeInfo before, RegisterNode command) {
        return !before.run().isEmpty()
                && before.run().equals(command.getRun())
                && before.directoryId().equals(command.getDirectoryId());
    }

    private static @Nullable Refused unsupported(MetadataImage image, int nodeId, NodeInfo.Details details) {
        for (Map.Entry<String, Integer> feature : image.features().entrySet()) {
            if (!details.supports(feature.getKey(), feature.getValue())) {
                return new Refused(
                        ErrorCode.ERROR_UNSUPPORTED_VERSION,
                        "node " + nodeId + ": it does not support level " + feature.getValue() + " of feature "
                                + feature.getKey() + ", which this cluster uses; start a version that does");
            }
        }
        return null;
    }

    private static List<PartitionInfo> takenOver(MetadataImage image, NodeInfo node) {
        List<PartitionInfo> taken = new ArrayList<>();
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                if (partition.replicas().isOnlyVoter(node.replica())) {
                    taken.add(partition.inNextEpoch(node.leader()));
                }
            }
        }
        return taken;
    }

    static Outcome fence(MetadataImage image, int nodeId, long incarnation) {
        return withFenced(image, nodeId, incarnation, true);
    }

    static Outcome unfence(MetadataImage image, int nodeId, long incarnation) {
        return withFenced(image, nodeId, incarnation, false);
    }

    private static Outcome withFenced(MetadataImage image, int nodeId, long incarnation, boolean fenced) {
        NodeInfo node = image.node(nodeId);
        if (node == null) {
            return unknownNode(nodeId);
        }
        if (node.incarnation() != incarnation) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "node " + nodeId + ": incarnation: " + incarnation + " (expected: " + node.incarnation()
                            + "; it has registered again)");
        }
        return Committed.of(image.withCluster(image.cluster().with(node.withFenced(fenced))));
    }

    static Outcome drain(MetadataImage image, DrainNode command) {
        NodeInfo node = image.node(command.getNodeId());
        return node == null
                ? unknownNode(command.getNodeId())
                : Committed.of(image.withCluster(image.cluster().with(node.drained())));
    }

    /** Leaders are voters: who holds no replica leads nothing. */
    static Outcome unregister(MetadataImage image, UnregisterNode command) {
        int nodeId = command.getNodeId();
        if (image.node(nodeId) == null) {
            return unknownNode(nodeId);
        }
        int held = image.replicaCounts().replicas(nodeId);
        if (held > 0) {
            return badNode(nodeId, "it holds " + held + " replicas (expected: none; move them to other nodes first)");
        }
        return Committed.of(image.withCluster(image.cluster().withoutNode(nodeId)));
    }

    static Outcome setFeature(MetadataImage image, SetFeature command) {
        String name = command.getName();
        String problem = NameRules.problemWith(name);
        if (problem != null) {
            return new Refused(ErrorCode.ERROR_INVALID_NAME, problem);
        }
        int present = image.featureLevel(name);
        if (command.getLevel() < Math.max(1, present)) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "feature " + name + ": level: " + command.getLevel() + " (expected: at least "
                            + Math.max(1, present) + "; levels only rise)");
        }
        for (NodeInfo node : image.nodes()) {
            if (!node.details().supports(name, command.getLevel())) {
                return new Refused(
                        ErrorCode.ERROR_UNSUPPORTED_VERSION,
                        "feature " + name + ": node " + node.nodeId() + " does not support level " + command.getLevel()
                                + " (expected: every registered node does)");
            }
        }
        return Committed.of(image.withCluster(image.cluster().withFeature(name, command.getLevel())));
    }

    private static Refused unknownNode(int nodeId) {
        return badNode(nodeId, "it is not registered");
    }

    private static Refused badNode(int nodeId, @Nullable String why) {
        return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "node " + nodeId + ": " + why);
    }
}
