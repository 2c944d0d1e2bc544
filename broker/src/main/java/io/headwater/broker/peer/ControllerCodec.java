package io.headwater.broker.peer;

import static io.headwater.broker.peer.ReplicaCodec.id;
import static io.headwater.broker.peer.ReplicaCodec.name;
import static io.headwater.broker.peer.ReplicaCodec.notNegative;

import io.headwater.broker.peer.wire.PartitionSays;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ControllerMessage.LearnerReady;
import io.headwater.broker.replica.ControllerMessage.MarkCommitted;
import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.ControllerMessage.SealWanted;
import io.headwater.broker.replica.ControllerMessage.TransferReady;
import io.headwater.broker.replica.Lack;

/** What replicas say to the controller, as bytes and back; as {@link ReplicaCodec}. */
public final class ControllerCodec {
    private ControllerCodec() {}

    public record Received(long partition, ControllerMessage message) {}

    public static PartitionSays encode(long partition, ControllerMessage message) {
        PartitionSays.Builder wire =
                PartitionSays.newBuilder().setPartitionId(partition).setEpoch(message.epoch());
        if (message instanceof SealReport report) {
            wire.getSealReportBuilder()
                    .setReplica(name(report.replica()))
                    .setIncarnation(report.incarnation())
                    .setLastEpoch(report.lastEpoch())
                    .setEndIndex(report.endIndex())
                    .setLacksTail(report.lack() == Lack.TAIL)
                    .setHeals(report.lack() == Lack.ANYTHING);
        } else if (message instanceof LearnerReady ready) {
            wire.getLearnerReadyBuilder().setLearner(name(ready.learner()));
        } else if (message instanceof MarkCommitted mark) {
            wire.getMarkCommittedBuilder().setCfgVer(mark.configurationVersion());
        } else if (message instanceof TransferReady ready) {
            wire.getTransferReadyBuilder().setTo(name(ready.to())).setIncarnation(ready.incarnation());
        } else if (message instanceof SealWanted) {
            wire.setSealWanted(PartitionSays.SealWanted.getDefaultInstance());
        } else {
            throw new IllegalStateException("no bytes for " + message);
        }
        return wire.build();
    }

    /** @throws BadPeerMessageException if it is not well formed */
    public static Received decode(PartitionSays says) {
        BadPeerMessageException.require(says.getPartitionId() > 0, "partition", says.getPartitionId(), "above 0");
        int epoch = (int) notNegative("epoch", says.getEpoch());
        return new Received(says.getPartitionId(), decode(says, epoch));
    }

    private static Lack lack(PartitionSays.SealReport report) {
        return report.getHeals() ? Lack.ANYTHING : report.getLacksTail() ? Lack.TAIL : Lack.NOTHING;
    }

    private static ControllerMessage decode(PartitionSays says, int epoch) {
        switch (says.getMessageCase()) {
            case SEAL_REPORT -> {
                PartitionSays.SealReport report = says.getSealReport();
                return new SealReport(
                        epoch,
                        id(report.getReplica()),
                        notNegative("incarnation", report.getIncarnation()),
                        (int) notNegative("last epoch", report.getLastEpoch()),
                        notNegative("end index", report.getEndIndex()),
                        lack(report));
            }
            case LEARNER_READY -> {
                return new LearnerReady(epoch, id(says.getLearnerReady().getLearner()));
            }
            case MARK_COMMITTED -> {
                int version = says.getMarkCommitted().getCfgVer();
                return new MarkCommitted(epoch, (int) notNegative("configuration", version));
            }
            case TRANSFER_READY -> {
                PartitionSays.TransferReady ready = says.getTransferReady();
                return new TransferReady(epoch, id(ready.getTo()), notNegative("incarnation", ready.getIncarnation()));
            }
            case SEAL_WANTED -> {
                return new SealWanted(epoch);
            }
            case MESSAGE_NOT_SET ->
                throw new BadPeerMessageException("message to the controller: none (expected: one)");
        }
        throw new BadPeerMessageException(
                "message to the controller: " + says.getMessageCase() + " (expected: a known one)");
    }
}
