package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.AbortJoint;
import io.headwater.broker.metadata.wire.AddLearner;
import io.headwater.broker.metadata.wire.BeginJoint;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.DrainNode;
import io.headwater.broker.metadata.wire.DropLearner;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.FeatureRange;
import io.headwater.broker.metadata.wire.FenceNode;
import io.headwater.broker.metadata.wire.FinishJoint;
import io.headwater.broker.metadata.wire.RecoverMetadata;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.metadata.wire.SetFeature;
import io.headwater.broker.metadata.wire.Transfer;
import io.headwater.broker.metadata.wire.UnfenceNode;
import io.headwater.broker.metadata.wire.UnregisterNode;
import io.headwater.broker.metadata.wire.UnsafeRecover;
import java.util.List;

/** Metadata commands about nodes and replicas, for tests. */
final class ClusterCommands {
    private ClusterCommands() {}

    static Command register(int nodeId, String directory, String run) {
        return register(RegisterNode.newBuilder()
                .setNodeId(nodeId)
                .setDirectoryId(directory)
                .setRun(run));
    }

    static Command register(RegisterNode.Builder node) {
        return Command.newBuilder().setRegisterNode(node).build();
    }

    static FeatureRange feature(String name, int min, int max) {
        return FeatureRange.newBuilder().setName(name).setMin(min).setMax(max).build();
    }

    static Command fence(int nodeId, long incarnation) {
        return Command.newBuilder()
                .setFenceNode(FenceNode.newBuilder().setNodeId(nodeId).setIncarnation(incarnation))
                .build();
    }

    static Command unfence(int nodeId, long incarnation) {
        return Command.newBuilder()
                .setUnfenceNode(UnfenceNode.newBuilder().setNodeId(nodeId).setIncarnation(incarnation))
                .build();
    }

    static Command drain(int nodeId) {
        return Command.newBuilder()
                .setDrainNode(DrainNode.newBuilder().setNodeId(nodeId))
                .build();
    }

    static Command unregister(int nodeId) {
        return Command.newBuilder()
                .setUnregisterNode(UnregisterNode.newBuilder().setNodeId(nodeId))
                .build();
    }

    static Command setFeature(String name, int level) {
        return Command.newBuilder()
                .setSetFeature(SetFeature.newBuilder().setName(name).setLevel(level))
                .build();
    }

    static Command create(String name, int partitions, int replicas) {
        return create(
                CreateTopic.newBuilder().setName(name).setPartitions(partitions).setReplicas(replicas));
    }

    static Command create(CreateTopic.Builder topic) {
        return Command.newBuilder()
                .setCreateTopic(topic.setPolicy(Commands.policy()))
                .build();
    }

    static Seal.Item sealItem(long partitionId, int epoch) {
        return Seal.Item.newBuilder()
                .setPartitionId(partitionId)
                .setEpoch(epoch)
                .build();
    }

    static Command seal(Seal.Item... items) {
        return Command.newBuilder()
                .setSeal(Seal.newBuilder().addAllItems(List.of(items)))
                .build();
    }

    static Command seal(long partitionId, int epoch) {
        return seal(sealItem(partitionId, epoch));
    }

    static Elect.Item electItem(long partitionId, int epoch, int cfgVer, Leader leader) {
        return Elect.Item.newBuilder()
                .setPartitionId(partitionId)
                .setEpoch(epoch)
                .setCfgVer(cfgVer)
                .setNodeId(leader.nodeId())
                .setIncarnation(leader.incarnation())
                .build();
    }

    static Command elect(Elect.Item... items) {
        return Command.newBuilder()
                .setElect(Elect.newBuilder().addAllItems(List.of(items)))
                .build();
    }

    static Command elect(long partitionId, int epoch, int cfgVer, Leader leader) {
        return elect(electItem(partitionId, epoch, cfgVer, leader));
    }

    static Command transfer(long partitionId, int epoch, Leader leader) {
        return Command.newBuilder()
                .setTransfer(Transfer.newBuilder()
                        .setPartitionId(partitionId)
                        .setEpoch(epoch)
                        .setNodeId(leader.nodeId())
                        .setIncarnation(leader.incarnation()))
                .build();
    }

    static Command addLearner(long partitionId, Replica replica) {
        return Command.newBuilder()
                .setAddLearner(
                        AddLearner.newBuilder().setPartitionId(partitionId).setReplica(MetadataCodec.wire(replica)))
                .build();
    }

    static Command dropLearner(long partitionId, Replica replica) {
        return Command.newBuilder()
                .setDropLearner(
                        DropLearner.newBuilder().setPartitionId(partitionId).setReplica(MetadataCodec.wire(replica)))
                .build();
    }

    static Command beginJoint(long partitionId, int cfgVer, List<Replica> voters) {
        return Command.newBuilder()
                .setBeginJoint(BeginJoint.newBuilder()
                        .setPartitionId(partitionId)
                        .setCfgVer(cfgVer)
                        .addAllVoters(voters.stream().map(MetadataCodec::wire).toList()))
                .build();
    }

    static Command finishJoint(long partitionId, int cfgVer) {
        return Command.newBuilder()
                .setFinishJoint(
                        FinishJoint.newBuilder().setPartitionId(partitionId).setCfgVer(cfgVer))
                .build();
    }

    static Command abortJoint(long partitionId, int cfgVer) {
        return Command.newBuilder()
                .setAbortJoint(
                        AbortJoint.newBuilder().setPartitionId(partitionId).setCfgVer(cfgVer))
                .build();
    }

    static Command recover(long partitionId, int epoch, Replica replica, String operator, String reason) {
        return Command.newBuilder()
                .setProposedAtMs(77)
                .setUnsafeRecover(UnsafeRecover.newBuilder()
                        .setPartitionId(partitionId)
                        .setEpoch(epoch)
                        .setReplica(MetadataCodec.wire(replica))
                        .setOperator(operator)
                        .setReason(reason))
                .build();
    }

    static Command recoverMetadata(int nodeId, String operator, String reason) {
        return Command.newBuilder()
                .setRecoverMetadata(RecoverMetadata.newBuilder()
                        .setNodeId(nodeId)
                        .setOperator(operator)
                        .setReason(reason))
                .build();
    }
}
