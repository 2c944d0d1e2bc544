package io.headwater.broker;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.shard.Owners;
import io.headwater.storage.Scrubber;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the search in the background finds: bytes that seem damaged are the owner's to look at, anything else a person's. */
record ScrubFindings(Owners owners, Supplier<MetadataImage> metadata) implements Scrubber.Suspicions {
    private static final Logger LOG = LoggerFactory.getLogger(ScrubFindings.class);

    @Override
    public void suspect(long partitionId, long baseIndex, long position) {
        owners.suspect(partitionId, baseIndex, position);
    }

    @Override
    public void diverged(long partitionId, String what) {
        PartitionInfo info = metadata.get().partition(partitionId);
        LOG.error(
                "partition {}: {}. No byte is damaged: a broker has derived something wrong. The partition goes on with what was "
                        + "written; nothing is changed by itself. Keep a copy of this data directory before its retention"
                        + " removes these entries, report it, and see 'Derived state that differs' in docs/operating.md",
                info == null ? Long.toString(partitionId) : info.displayName(),
                what);
    }
}
