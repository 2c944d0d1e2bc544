package io.headwater.broker.simulation;

import com.google.protobuf.MessageLite;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.client.SteppedClient;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DecommissionNode;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.MoveReplicas;
import io.headwater.protocol.wire.OperateCluster;
import io.headwater.protocol.wire.OperateClusterReply;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TransferLeader;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Somebody who wants other leaders and other voters, and a topic beside the one that is checked, for no reason. What is refused is
 * not asked again.
 */
final class Operator {
    private static final long MS = 1_000_000;
    private static final String OTHER = "other";
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 40;

    private final World world;
    private final SteppedClient library;
    private final SplittableRandom random;
    private int unanswered;
    private int deleted;

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
        handOver(partition, to);
    }

    /** @param to a node; 0: any */
    void handOver(PartitionInfo partition, int to) {
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

    /** A node is to leave for good. */
    void decommission(int node) {
        ask(OperateCluster.newBuilder()
                .setDecommission(DecommissionNode.newBuilder().setNode(node))
                .build());
    }

    /** The other topic is made, and something is written to it; or it is deleted. */
    void comeOrGo() {
        if (isOther()) {
            ask(
                    FrameType.DELETE_TOPIC,
                    DeleteTopic.newBuilder().setName(OTHER).build(),
                    DeleteTopicReply.class,
                    () -> deleted++);
        } else {
            CreateTopic wanted = CreateTopic.newBuilder()
                    .setName(OTHER)
                    .setPartitions(PARTITIONS)
                    .setReplicas(World.REPLICAS)
                    .build();
            ask(FrameType.CREATE_TOPIC, wanted, Topic.class, this::write);
        }
    }

    private boolean isOther() {
        return world.metadata().image().topic(OTHER) != null;
    }

    private void write() {
        world.when(library.producer(OTHER, 1024, 4), (producer, failure) -> {
            if (producer != null) {
                write(producer, 0);
            }
        });
    }

    private void write(SteppedClient.Producing producer, int number) {
        if (number < RECORDS) {
            world.when(
                    producer.send(number % PARTITIONS, null, "o".repeat(random.nextInt(400))),
                    (ok, failure) -> world.trace(ok == null ? -1 : ok.offset()));
            world.time().schedule(random.nextLong(20 * MS), () -> write(producer, number + 1));
        }
    }

    /** How often the other topic was deleted. */
    int topicsDeleted() {
        return deleted;
    }

    /** Whether everything is answered and the other topic is gone; sees to that. */
    boolean isTidy() {
        if (unanswered == 0 && isOther()) {
            comeOrGo();
        }
        return unanswered == 0 && !isOther();
    }

    private void ask(OperateCluster what) {
        ask(FrameType.OPERATE_CLUSTER, what, OperateClusterReply.class, () -> {});
    }

    private <M extends MessageLite> void ask(FrameType type, MessageLite what, Class<M> reply, Runnable done) {
        unanswered++;
        world.when(library.ask(type, what, reply), (ok, failure) -> {
            unanswered--;
            world.trace(failure == null ? 1 : 2);
            if (failure == null) {
                done.run();
            }
        });
    }
}
