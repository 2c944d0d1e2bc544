package io.headwater.broker.control;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Relocation;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.DrainNode;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.wire.DecommissionNode;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.OperateClusterReply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Nodes that are to leave for good: whether the others can take what they hold. The controller does the rest. */
final class Departures {
    private final Proposals proposals;
    private final Responsibility responsibility;

    Departures(Proposals proposals, Responsibility responsibility) {
        this.proposals = proposals;
        this.responsibility = responsibility;
    }

    void decommission(DecommissionNode request, Reply reply) throws RequestFailedException {
        MetadataImage image = proposals.image();
        NodeInfo leaving = image.node(request.getNode());
        if (leaving == null) {
            throw refused(request.getNode(), "it does not exist (expected: one that headwater cluster status shows)");
        }
        if (image.nodes().stream().noneMatch(node -> node.takesReplicas() && node.nodeId() != leaving.nodeId())) {
            throw refused(leaving.nodeId(), "no other live node would be left (expected: one more; start it first)");
        }
        requireAnotherMetadataVoter(image, leaving);
        OperateClusterReply plan = plan(image, leaving);
        if (request.getDryRun() || leaving.draining()) {
            reply.send(plan);
            return;
        }
        reply.sendWhenDone(proposals
                .propose(
                        Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(leaving.nodeId())))
                .thenApply(done -> plan));
    }

    private void requireAnotherMetadataVoter(MetadataImage image, NodeInfo leaving) throws RequestFailedException {
        List<Integer> voters = responsibility.voters();
        boolean canBeReplaced = image.nodes().stream()
                .anyMatch(node -> !node.fenced() && !node.draining() && !voters.contains(node.nodeId()));
        if (voters.contains(leaving.nodeId()) && !canBeReplaced) {
            throw refused(
                    leaving.nodeId(),
                    "it votes on the metadata, as nodes " + voters
                            + " do, and no other live node can take its place (expected: one more node; start it first)");
        }
    }

    /** Also of a node that is leaving already. */
    private static OperateClusterReply plan(MetadataImage image, NodeInfo leaving) throws RequestFailedException {
        Relocation relocation = new Relocation(image, node -> node.nodeId() != leaving.nodeId());
        OperateClusterReply.Builder plan = OperateClusterReply.newBuilder();
        List<String> stuck = new ArrayList<>();
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                Predicate<Replica> goes = voter -> isOn(leaving, voter);
                if (partition.replicas().voters().stream().anyMatch(goes)) {
                    List<Replica> next = relocation.without(partition, goes, goes);
                    if (next == null) {
                        stuck.add(partition.topicName() + ":" + partition.index());
                    } else {
                        plan.addMoves(ClusterPicture.move(partition, next));
                    }
                }
            }
        }
        if (!stuck.isEmpty()) {
            throw refused(
                    leaving.nodeId(),
                    "its replicas of " + stuck.size() + " partitions, " + stuck.get(0)
                            + " the first, have nowhere to go: every other live node holds them already (expected: one"
                            + " more node; start it first)");
        }
        return plan.build();
    }

    private static boolean isOn(NodeInfo node, Replica replica) {
        return replica.nodeId() == node.nodeId();
    }

    private static RequestFailedException refused(int node, String why) {
        return Failures.of(ErrorCode.ERROR_INVALID_CONFIG, "node " + node + ": " + why);
    }
}
