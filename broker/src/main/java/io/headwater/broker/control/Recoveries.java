package io.headwater.broker.control;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.UnsafeRecover;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.OperateClusterReply;
import io.headwater.protocol.wire.RecoverUnsafely;
import io.headwater.protocol.wire.RecoveryPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Partitions too many of whose voters are lost: an operator says whose copy is kept. What that one lacks is lost, so this
 * refuses whatever would lose more than it has to.
 */
final class Recoveries {
    private static final int ALL = -1;

    private final Proposals proposals;
    private final Responsibility responsibility;

    /** What becomes of one partition. */
    private record Case(PartitionInfo partition, @Nullable String refused, String kept) {}

    Recoveries(Proposals proposals, Responsibility responsibility) {
        this.proposals = proposals;
        this.responsibility = responsibility;
    }

    void recover(RecoverUnsafely request, Reply reply) throws RequestFailedException {
        if (!responsibility.isHere()) {
            throw new RequestFailedException(responsibility.elsewhere());
        }
        MetadataImage image = proposals.image();
        NodeInfo node = image.node(request.getNode());
        if (node == null || node.fenced()) {
            throw Failures.of(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "node " + request.getNode() + ": " + (node == null ? "it does not exist" : "it is fenced")
                            + " (expected: the live node whose copies are kept)");
        }
        List<Case> cases = new ArrayList<>();
        for (PartitionInfo partition : partitions(image, request)) {
            cases.add(look(image, partition, node));
        }
        Function<Case, CompletionStage<RecoveryPlan>> carryOut = each -> carryOut(image, each, node, request);
        reply.sendWhenDone(FanOut.all(cases, carryOut)
                .thenApply(plans ->
                        OperateClusterReply.newBuilder().addAllRecoveries(plans).build()));
    }

    /** The one that is meant, or all that cannot go on. */
    private static List<PartitionInfo> partitions(MetadataImage image, RecoverUnsafely request)
            throws RequestFailedException {
        if (!request.getTopic().isEmpty() && request.getIndex() != ALL) {
            return List.of(ClusterHandlers.partition(image, request.getTopic(), request.getIndex()));
        }
        List<TopicInfo> topics = request.getTopic().isEmpty()
                ? image.topics()
                : List.of(ClusterHandlers.topic(image, request.getTopic()));
        return topics.stream()
                .flatMap(topic -> topic.partitions().stream())
                .filter(partition -> !image.hasQuorum(partition))
                .toList();
    }

    private Case look(MetadataImage image, PartitionInfo partition, NodeInfo node) {
        Replica kept = node.replica();
        if (image.hasQuorum(partition)) {
            return refused(
                    partition,
                    "enough of its voters are alive: it goes on without any loss, if their copies are well. If they are"
                            + " damaged or being healed (their logs say so), restart their brokers one by one; if that does"
                            + " not help, see 'Two copies of a partition are damaged' in docs/operating.md");
        }
        if (!partition.replicas().contains(kept)) {
            return refused(partition, "node " + node.nodeId() + " has no copy of it");
        }
        Leader leader = partition.leader();
        if (leader != null && !leader.equals(node.leader())) {
            return refused(
                    partition,
                    "node " + leader.nodeId()
                            + " led it last; if that is alive, its copy is the one to keep, otherwise try"
                            + " again in a moment");
        }
        return leader == null
                ? chosen(image, partition, node)
                : new Case(
                        partition, null, "node " + node.nodeId() + " leads it: nothing that was acknowledged is lost");
    }

    /** Nobody leads, so all that are there were asked how they end. */
    private Case chosen(MetadataImage image, PartitionInfo partition, NodeInfo node) {
        List<CopyEnd> ends = responsibility.copies(partition.partitionId()).stream()
                .filter(end -> isPresent(image, end))
                .toList();
        CopyEnd own = ends.stream()
                .filter(end -> end.nodeId() == node.nodeId())
                .findFirst()
                .orElse(null);
        if (own == null) {
            return refused(
                    partition,
                    "node " + node.nodeId()
                            + " has not said what its copy holds: it is offline there, or has no vote, or"
                            + " needs a moment more");
        }
        for (NodeInfo other : image.nodes()) {
            boolean counts = partition.replicas().isVoter(other.replica()) && !other.fenced();
            if (counts && ends.stream().noneMatch(end -> end.nodeId() == other.nodeId())) {
                return refused(
                        partition,
                        "node " + other.nodeId() + " is alive and has a vote, and has not said what its copy holds: try"
                                + " again in a moment; if its copy is offline for good, stop its broker first");
            }
        }
        CopyEnd best = ends.stream().max(CopyEnd.COMPLETENESS).orElse(own);
        if (CopyEnd.COMPLETENESS.compare(own, best) < 0) {
            return refused(
                    partition,
                    "the copy of node " + best.nodeId() + " holds more: up to entry " + best.endIndex() + " of epoch "
                            + best.lastEpoch() + ", and not " + own.endIndex() + " of epoch " + own.lastEpoch());
        }
        return new Case(
                partition,
                null,
                "kept: " + own.endIndex() + " entries, up to epoch " + own.lastEpoch()
                        + "; what was acknowledged behind" + " them is lost");
    }

    private static boolean isPresent(MetadataImage image, CopyEnd end) {
        NodeInfo node = image.node(end.nodeId());
        return node != null && !node.fenced() && node.incarnation() == end.incarnation();
    }

    private static Case refused(PartitionInfo partition, String why) {
        return new Case(partition, why, "");
    }

    private CompletionStage<RecoveryPlan> carryOut(
            MetadataImage image, Case each, NodeInfo node, RecoverUnsafely request) {
        RecoveryPlan.Builder plan = ClusterPicture.recovery(image, each.partition());
        if (each.refused() != null || request.getDryRun()) {
            String what = each.refused() == null ? each.kept() : each.refused();
            return CompletableFuture.completedStage(
                    plan.setRefused(each.refused() != null).setWhat(what).build());
        }
        UnsafeRecover.Builder command = UnsafeRecover.newBuilder()
                .setPartitionId(each.partition().partitionId())
                .setEpoch(each.partition().epoch())
                .setReplica(MetadataCodec.wire(node.replica()))
                .setOperator(request.getOperator())
                .setReason(request.getReason());
        return proposals
                .propose(Command.newBuilder().setUnsafeRecover(command))
                .thenApply(done -> plan.setWhat(each.kept()).build());
    }
}
