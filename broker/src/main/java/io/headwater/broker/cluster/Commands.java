package io.headwater.broker.cluster;

import io.headwater.broker.copy.Views;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.wire.AbortJoint;
import io.headwater.broker.metadata.wire.AddLearner;
import io.headwater.broker.metadata.wire.BeginJoint;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.DropLearner;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.FenceNode;
import io.headwater.broker.metadata.wire.FinishJoint;
import io.headwater.broker.metadata.wire.Replica;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.metadata.wire.SetFeature;
import io.headwater.broker.metadata.wire.Transfer;
import io.headwater.broker.metadata.wire.UnfenceNode;
import io.headwater.broker.metadata.wire.UnregisterNode;
import io.headwater.broker.replica.MetadataCommand;
import io.headwater.broker.replica.ReplicaId;

/** What a controller asks for, as commands of the metadata log. */
final class Commands {
    private Commands() {}

    static Command.Builder fence(NodeInfo node) {
        return Command.newBuilder()
                .setFenceNode(FenceNode.newBuilder().setNodeId(node.nodeId()).setIncarnation(node.incarnation()));
    }

    static Command.Builder feature(String name, int level) {
        return Command.newBuilder()
                .setSetFeature(SetFeature.newBuilder().setName(name).setLevel(level));
    }

    static Command.Builder unfence(NodeInfo node) {
        return Command.newBuilder()
                .setUnfenceNode(
                        UnfenceNode.newBuilder().setNodeId(node.nodeId()).setIncarnation(node.incarnation()));
    }

    static Seal.Item item(MetadataCommand.Seal seal) {
        return Seal.Item.newBuilder()
                .setPartitionId(seal.partition())
                .setEpoch(seal.epoch())
                .build();
    }

    static Elect.Item item(MetadataCommand.Elect elect) {
        return Elect.Item.newBuilder()
                .setPartitionId(elect.partition())
                .setEpoch(elect.epoch())
                .setCfgVer(elect.configurationVersion())
                .setNodeId(elect.leader().node())
                .setIncarnation(elect.leader().incarnation())
                .setMayLose(elect.mayLose())
                .build();
    }

    static Command.Builder one(MetadataCommand command) {
        Command.Builder wire = Command.newBuilder();
        if (command instanceof MetadataCommand.Seal seal) {
            return wire.setSeal(Seal.newBuilder().addItems(item(seal)));
        } else if (command instanceof MetadataCommand.Elect elect) {
            return wire.setElect(Elect.newBuilder().addItems(item(elect)));
        } else if (command instanceof MetadataCommand.Transfer transfer) {
            return wire.setTransfer(Transfer.newBuilder()
                    .setPartitionId(transfer.partition())
                    .setEpoch(transfer.epoch())
                    .setNodeId(transfer.leader().node())
                    .setIncarnation(transfer.leader().incarnation()));
        } else if (command instanceof MetadataCommand.AddLearner add) {
            return wire.setAddLearner(
                    AddLearner.newBuilder().setPartitionId(add.partition()).setReplica(replica(add.learner())));
        } else if (command instanceof MetadataCommand.BeginJoint begin) {
            return wire.setBeginJoint(BeginJoint.newBuilder()
                    .setPartitionId(begin.partition())
                    .setCfgVer(begin.configurationVersion())
                    .addAllVoters(
                            begin.newVoters().stream().map(Commands::replica).toList()));
        } else if (command instanceof MetadataCommand.FinishJoint finish) {
            return wire.setFinishJoint(FinishJoint.newBuilder()
                    .setPartitionId(finish.partition())
                    .setCfgVer(finish.configurationVersion()));
        }
        MetadataCommand.AbortJoint abort = (MetadataCommand.AbortJoint) command;
        return wire.setAbortJoint(
                AbortJoint.newBuilder().setPartitionId(abort.partition()).setCfgVer(abort.configurationVersion()));
    }

    static Command.Builder drop(Moves.Drop drop) {
        return Command.newBuilder()
                .setDropLearner(DropLearner.newBuilder()
                        .setPartitionId(drop.partitionId())
                        .setReplica(replica(Views.id(drop.learner()))));
    }

    static Command.Builder unregister(NodeInfo node) {
        return Command.newBuilder()
                .setUnregisterNode(UnregisterNode.newBuilder().setNodeId(node.nodeId()));
    }

    private static Replica replica(ReplicaId id) {
        return Replica.newBuilder()
                .setNodeId(id.node())
                .setDirectoryId(id.directory().toString())
                .build();
    }
}
