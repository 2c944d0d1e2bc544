package io.headwater.broker.cluster;

import io.headwater.broker.peer.wire.PartitionSays;
import io.headwater.broker.peer.wire.ReplicaName;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ReplicaId;
import java.util.UUID;

/** What a replica says to the controller, out of its frame. */
final class Says {
    private Says() {}

    /**
     * @throws IllegalArgumentException if it says something that this version does not know
     */
    static ControllerMessage of(PartitionSays says) {
        int epoch = says.getEpoch();
        return switch (says.getMessageCase()) {
            case SEAL_REPORT -> {
                PartitionSays.SealReport report = says.getSealReport();
                yield new ControllerMessage.SealReport(
                        epoch,
                        id(report.getReplica()),
                        report.getIncarnation(),
                        report.getLastEpoch(),
                        report.getEndIndex());
            }
            case LEARNER_READY ->
                new ControllerMessage.LearnerReady(
                        epoch, id(says.getLearnerReady().getLearner()));
            case MARK_COMMITTED ->
                new ControllerMessage.MarkCommitted(
                        epoch, says.getMarkCommitted().getCfgVer());
            case TRANSFER_READY -> {
                PartitionSays.TransferReady ready = says.getTransferReady();
                yield new ControllerMessage.TransferReady(epoch, id(ready.getTo()), ready.getIncarnation());
            }
            case SEAL_WANTED -> new ControllerMessage.SealWanted(epoch);
            case MESSAGE_NOT_SET ->
                throw new IllegalArgumentException("partition " + says.getPartitionId()
                        + ": its replica says something that this version does not know");
        };
    }

    private static ReplicaId id(ReplicaName name) {
        return new ReplicaId(name.getNodeId(), new UUID(name.getDirectoryHigh(), name.getDirectoryLow()));
    }
}
