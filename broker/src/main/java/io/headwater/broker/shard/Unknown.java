package io.headwater.broker.shard;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.protocol.wire.Error;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is said of something that this broker's metadata do not name. In a cluster others may know more, so that what was
 * never given to anyone, as far as this broker knows, is looked for again: it will be known soon, or never.
 */
final class Unknown {
    private final boolean member;
    private final Supplier<MetadataImage> metadata;

    /** @param member of a cluster */
    Unknown(boolean member, Supplier<MetadataImage> metadata) {
        this.member = member;
        this.metadata = metadata;
    }

    Error partition(long partitionId) {
        return member && partitionId >= metadata.get().nextPartitionId()
                ? PartitionErrors.unknownYet(partitionId)
                : PartitionErrors.unknownPartition(partitionId);
    }

    /** Null: the group exists, or did once. */
    @Nullable
    Error groupYet(PartitionInfo info, int groupId) {
        return member && groupId >= metadata.get().nextGroupId()
                ? PartitionErrors.unknownYet(info.partitionId())
                : null;
    }

    Error producer(PartitionInfo info, long producerId) {
        return member
                ? PartitionErrors.unknownYet(info.partitionId())
                : PartitionErrors.producerNotGiven(info, producerId);
    }
}
