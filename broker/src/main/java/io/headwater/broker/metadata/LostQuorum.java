package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.RecoverMetadata;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;

/**
 * The metadata go on from the log of one voter, because the others are lost. Others may have agreed on commands that are not
 * in it, and brokers may have acted on them. So everything that may never be given twice goes on far behind: the index of
 * the picture, so that nobody takes an older one for newer; epochs; ids. All partitions are sealed.
 */
final class LostQuorum {
    /** More than can have been agreed on without this voter, and little of what there is. */
    private static final long INDEXES = 1_000_000;

    private static final int EPOCHS = 1_000;
    private static final int IDS = 10_000;
    private static final int NODES = 10;
    private static final int PRODUCERS = 1_000_000;

    private LostQuorum() {}

    static Outcome recover(MetadataImage image, RecoverMetadata command, long atMs) {
        NodeInfo node = image.node(command.getNodeId());
        if (node == null
                || command.getOperator().isBlank()
                || command.getReason().isBlank()) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "node " + command.getNodeId() + ", operator and reason (expected: a node that exists, and both)");
        }
        List<PartitionInfo> sealed = new ArrayList<>();
        for (TopicInfo topic : image.topics()) {
            topic.partitions().forEach(partition -> sealed.add(partition.sealedAfter(EPOCHS)));
        }
        long index = image.appliedIndex() + INDEXES;
        Recovery recovery = new Recovery(
                index, // whoever has not been here is behind it
                atMs,
                Recovery.OF_METADATA,
                0,
                node.replica(),
                command.getOperator(),
                command.getReason());
        return Committed.of(image.withPartitions(sealed)
                .withNext(image.next().after(PRODUCERS, IDS, NODES))
                .withCluster(image.cluster().with(recovery))
                .at(index));
    }
}
