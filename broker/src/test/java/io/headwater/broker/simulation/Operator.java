package io.headwater.broker.simulation;

import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.client.SteppedClient;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.MoveReplicas;
import io.headwater.protocol.wire.OperateCluster;
import io.headwater.protocol.wire.OperateClusterReply;
import io.headwater.protocol.wire.TransferLeader;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** Somebody who wants other leaders and other voters, for no reason. What is refused is not asked again. */
final class Operator {
    private final World world;
    private final SteppedClient library;
    private final SplittableRandom random;

    Operator(World world, SteppedClient library, SplittableRandom random) {
        this.world = world;
        this.library = library;
        this.random = random;
    }

    /** A partition is to be led by any other voter, or by a certain one. */
    void handOver() {
        PartitionInfo partition = some();
        List<Replica> voters = partition.replicas().voters();
        int to = random.nextBoolean()
                ? 0
                : voters.get(random.nextInt(voters.size())).nodeId();
        ask(OperateCluster.newBuilder()
                .setTransfer(TransferLeader.newBuilder()
                        .setTopic(World.TOPIC)
                        .setIndex(partition.index())
                        .setNode(to))
                .build());
    }

    /** As many voters as before, or the same ones in another order, which changes who is preferred as their leader. */
    void move() {
        PartitionInfo partition = some();
        List<Integer> nodes = new ArrayList<>();
        for (NodeInfo node : world.metadata().image().nodes()) {
            if (!node.fenced()) {
                nodes.add(random.nextInt(nodes.size() + 1), node.nodeId());
            }
        }
        int count = partition.replicas().voters().size();
        if (nodes.size() >= count) {
            move(partition, nodes.subList(0, count));
        }
    }

    /** @param nodes that are to vote, the preferred leader first */
    void move(PartitionInfo partition, List<Integer> nodes) {
        ask(OperateCluster.newBuilder()
                .setMove(MoveReplicas.newBuilder()
                        .setTopic(World.TOPIC)
                        .setIndex(partition.index())
                        .addAllNodes(nodes))
                .build());
    }

    private PartitionInfo some() {
        List<PartitionInfo> partitions = world.partitions();
        return partitions.get(random.nextInt(partitions.size()));
    }

    private void ask(OperateCluster what) {
        CompletableFuture<OperateClusterReply> unused =
                library.ask(FrameType.OPERATE_CLUSTER, what, OperateClusterReply.class);
    }
}
