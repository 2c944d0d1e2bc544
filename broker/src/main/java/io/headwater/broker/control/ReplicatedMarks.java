package io.headwater.broker.control;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.storage.Mark;
import java.io.IOException;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** The marks of this broker's logs, believed for those that nobody else has a copy of: others may be further. */
record ReplicatedMarks(PositionsView.Marked own, Supplier<MetadataImage> metadata, int nodeId)
        implements PositionsView.Marked {
    @Override
    public boolean load(long partitionId, Mark into) {
        if (isOnlyHere(partitionId)) {
            return own.load(partitionId, into);
        }
        into.clean = false;
        return true;
    }

    @Override
    public long[] partitionIds() {
        return own.partitionIds();
    }

    @Override
    public void expect(long[] partitionIds) throws IOException {
        own.expect(LongStream.of(partitionIds).filter(this::isOnlyHere).toArray());
    }

    /** Also where nobody knows the partition any more. */
    private boolean isOnlyHere(long partitionId) {
        MetadataImage image = metadata.get();
        PartitionInfo partition = image.partition(partitionId);
        NodeInfo self = image.node(nodeId);
        return partition == null || self == null || partition.replicas().isOnly(self.replica());
    }
}
