package io.headwater.broker.control;

import io.headwater.broker.metadata.Balance;
import io.headwater.broker.metadata.FeatureLevels;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataUnavailableException;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.SetFeature;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.ReplicaLags;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.ClusterNode;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetCluster;
import io.headwater.protocol.wire.MoveReplicas;
import io.headwater.protocol.wire.OperateCluster;
import io.headwater.protocol.wire.OperateClusterReply;
import io.headwater.protocol.wire.RaiseFeatures;
import io.headwater.protocol.wire.Rebalance;
import io.headwater.protocol.wire.TransferLeader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What operators see of the cluster and ask of its controller. */
final class ClusterHandlers {
    /** No node. */
    private static final int ANY = 0;

    /** Of a partition. */
    private static final int MAX_VOTERS = 9;

    private final int nodeId;
    private final Proposals proposals;
    private final Partitions partitions;
    private final Responsibility responsibility;
    private final Departures departures;
    private final Recoveries recoveries;

    ClusterHandlers(int nodeId, Proposals proposals, Partitions partitions, Responsibility responsibility) {
        this.nodeId = nodeId;
        this.proposals = proposals;
        this.partitions = partitions;
        this.responsibility = responsibility;
        this.departures = new Departures(proposals, responsibility);
        this.recoveries = new Recoveries(proposals, responsibility);
    }

    /** Each leader is asked once for all that it leads: what does not answer in time is not known, and the rest is. */
    void describe(GetCluster request, Reply reply) {
        boolean alone = responsibility == Responsibility.ALONE;
        ClusterDescription.Builder description = new ClusterPicture(proposals.image()).describe();
        Set<Integer> differing = responsibility.differing();
        description.getNodesBuilderList().forEach(node -> node.setMetadataDiffer(differing.contains(node.getNodeId())));
        description
                .setAnsweredBy(nodeId)
                .setController(alone ? nodeId : responsibility.controllerNode())
                .addAllMetadataVoters(responsibility.voters());
        List<Integer> leaders = leading(description, false);
        List<Integer> unheard = leading(description, true);
        reply.sendWhenDone(FanOut.gather(leaders, partitions::lags)
                .thenApply(answers -> description
                        .setLags(lags(leaders, answers).addAllUnknown(unheard))
                        .build()));
    }

    private static List<Integer> leading(ClusterDescription.Builder description, boolean fenced) {
        return description.getNodesList().stream()
                .filter(node -> node.getLeads() > 0 && node.getFenced() == fenced)
                .map(ClusterNode::getNodeId)
                .toList();
    }

    private ClusterLags.Builder lags(List<Integer> leaders, List<FanOut.Answer<ClusterLags>> answers) {
        ReplicaLags all = new ReplicaLags();
        List<Integer> unknown = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            ClusterLags told = answers.get(i).value();
            if (told == null) {
                unknown.add(leaders.get(i));
            } else {
                all.add(ClusterPicture.named(proposals.image(), leaders.get(i), told));
            }
        }
        return all.wire().addAllUnknown(unknown);
    }

    void operate(OperateCluster request, Reply reply) throws RequestFailedException {
        switch (request.getWhatCase()) {
            case TRANSFER -> {
                transfer(request.getTransfer());
                reply.send(OperateClusterReply.getDefaultInstance());
            }
            case MOVE -> reply.send(move(request.getMove()));
            case REBALANCE -> reply.send(rebalance(request.getRebalance()));
            case RECOVER -> recoveries.recover(request.getRecover(), reply);
            case RAISE_FEATURES -> raise(request.getRaiseFeatures(), reply);
            case DECOMMISSION -> departures.decommission(request.getDecommission(), reply);
            case WHAT_NOT_SET ->
                throw Failures.of(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "what to do with the cluster: nothing that this broker knows (expected: one of the operations of"
                                + " its version)");
        }
    }

    private OperateClusterReply move(MoveReplicas request) throws RequestFailedException {
        PartitionInfo partition = partition(request.getTopic(), request.getIndex());
        List<Integer> nodes = request.getNodesList();
        if (nodes.isEmpty() || nodes.size() > MAX_VOTERS || new HashSet<>(nodes).size() < nodes.size()) {
            throw refused(
                    partition, "voters: nodes " + nodes + " (expected: 1 to " + MAX_VOTERS + " nodes, each once)");
        }
        if (partition.leader() == null) {
            throw refused(partition, "it has no leader at this moment to copy from; see: headwater cluster status");
        }
        List<Replica> voters = new ArrayList<>();
        for (int wanted : nodes) {
            voters.add(place(partition, wanted));
        }
        if (!responsibility.move(partition.partitionId(), voters)) {
            throw new RequestFailedException(responsibility.elsewhere());
        }
        return OperateClusterReply.newBuilder()
                .addMoves(ClusterPicture.move(partition, voters))
                .build();
    }

    private OperateClusterReply rebalance(Rebalance request) throws RequestFailedException {
        OperateClusterReply.Builder plan = OperateClusterReply.newBuilder();
        for (Map.Entry<PartitionInfo, List<Replica>> each :
                Balance.of(proposals.image()).entrySet()) {
            PartitionInfo partition = each.getKey();
            if (!request.getDryRun() && !responsibility.move(partition.partitionId(), each.getValue())) {
                throw new RequestFailedException(responsibility.elsewhere());
            }
            plan.addMoves(ClusterPicture.move(partition, each.getValue()).toBuilder()
                    .setWhy(why(partition.replicas().voters(), each.getValue())));
        }
        return plan.build();
    }

    /** A broker that registers meanwhile and cannot do a level has it refused. */
    private void raise(RaiseFeatures request, Reply reply) {
        MetadataImage image = proposals.image();
        OperateClusterReply.Builder plan = OperateClusterReply.newBuilder();
        List<CompletionStage<?>> raised = new ArrayList<>();
        FeatureLevels.higher(image).forEach((name, level) -> {
            plan.addFeatures(ClusterPicture.feature(image, name, level));
            if (!request.getDryRun()) {
                raised.add(proposals.propose(Command.newBuilder()
                        .setSetFeature(SetFeature.newBuilder().setName(name).setLevel(level))));
            }
        });
        reply.sendWhenDone(CompletableFuture.allOf(raised.stream()
                        .map(CompletionStage::toCompletableFuture)
                        .toArray(CompletableFuture[]::new))
                .handle((done, failure) -> {
                    if (failure == null) {
                        return plan.build();
                    }
                    // Whatever became of this one, another may be raised, and is not lowered again.
                    throw raised.size() == 1
                            ? new CompletionException(failure)
                            : new CompletionException(new MetadataUnavailableException(
                                    "not all levels are known to be raised: " + failure.getMessage(), failure));
                }));
    }

    private static String why(List<Replica> from, List<Replica> to) {
        if (from.size() < to.size()) {
            return "has too few replicas";
        }
        if (from.equals(to)) {
            return "its preferred leader does not lead it";
        }
        return new HashSet<>(from).equals(new HashSet<>(to)) ? "spreads leaders" : "spreads replicas";
    }

    private Replica place(PartitionInfo partition, int wanted) throws RequestFailedException {
        NodeInfo node = proposals.image().node(wanted);
        if (node == null) {
            throw refused(
                    partition,
                    "node " + wanted + " does not exist (expected: one that headwater cluster status shows)");
        }
        boolean votes = partition.replicas().voters().contains(node.replica());
        if (node.draining() || (node.fenced() && !votes)) {
            throw refused(
                    partition,
                    "node " + wanted + " is " + (node.draining() ? "leaving" : "fenced")
                            + " (expected: nodes that are live and stay)");
        }
        return node.replica();
    }

    private void transfer(TransferLeader request) throws RequestFailedException {
        PartitionInfo partition = partition(request.getTopic(), request.getIndex());
        Leader leader = partition.leader();
        if (leader == null) {
            throw refused(
                    partition, "it has no leader at this moment that could hand over; see: headwater cluster status");
        }
        if (partition.replicas().voters().size() < 2) {
            throw refused(partition, "node " + leader.nodeId() + " has its only copy (expected: two voters or more)");
        }
        int to = request.getNode();
        if (to == leader.nodeId()) {
            return;
        }
        if (to != ANY) {
            requireLiveVoter(partition, to);
        }
        if (!responsibility.transfer(partition.partitionId(), to)) {
            throw new RequestFailedException(responsibility.elsewhere());
        }
    }

    private void requireLiveVoter(PartitionInfo partition, int wanted) throws RequestFailedException {
        MetadataImage image = proposals.image();
        NodeInfo node = image.node(wanted);
        if (node == null || !partition.replicas().voters().contains(node.replica())) {
            throw refused(
                    partition,
                    "node " + wanted + " has no vote (expected: one of its voters, nodes "
                            + ClusterPicture.nodes(partition.replicas().voters()) + ")");
        }
        if (node.fenced()) {
            throw refused(partition, "node " + wanted + " is fenced (expected: a voter whose broker is alive)");
        }
    }

    private PartitionInfo partition(String topicName, int index) throws RequestFailedException {
        return partition(proposals.image(), topicName, index);
    }

    static TopicInfo topic(MetadataImage image, String topicName) throws RequestFailedException {
        TopicInfo topic = image.topic(topicName);
        if (topic == null) {
            throw Failures.of(ErrorCode.ERROR_UNKNOWN_TOPIC, "topic " + topicName + " does not exist");
        }
        return topic;
    }

    static PartitionInfo partition(MetadataImage image, String topicName, int index) throws RequestFailedException {
        TopicInfo topic = topic(image, topicName);
        if (index < 0 || index >= topic.partitions().size()) {
            throw Failures.of(
                    ErrorCode.ERROR_UNKNOWN_PARTITION,
                    "topic " + topicName + ": partition: " + index + " (expected: 0 to "
                            + (topic.partitions().size() - 1) + ")");
        }
        return topic.partitions().get(index);
    }

    private static RequestFailedException refused(PartitionInfo partition, String why) {
        return Failures.of(
                ErrorCode.ERROR_INVALID_CONFIG,
                "partition " + partition.topicName() + ":" + partition.index() + ": " + why);
    }
}
