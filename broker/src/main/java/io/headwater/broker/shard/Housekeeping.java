package io.headwater.broker.shard;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.partition.NotLeaderException;
import io.headwater.storage.StorageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an owner does for its partitions though no client asks: it removes what is too old, and gives back what rests. */
final class Housekeeping {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final Shard shard;
    private final long idleAfterMs;
    private final ColdRetention retentions = new ColdRetention();

    Housekeeping(Shard shard, long idleAfterMs) {
        this.shard = shard;
        this.idleAfterMs = idleAfterMs;
    }

    /** Applies a topic's retention. One that has not been used since the start is opened for it now and then. */
    void retain(PartitionInfo info, TopicPolicy policy, long nowMs) {
        Owned known = shard.replicas().served(info.partitionId());
        if (known == null && !retentions.isDue(info.partitionId(), policy, nowMs)) {
            return;
        }
        if (known == null
                && (shard.replicas().isBroken(info.partitionId())
                        || !shard.data().exists(info.partitionId()))) {
            return;
        }
        try {
            Owned owned = known == null ? shard.replicas().serving(info) : known;
            // Sealing appends; a log that was opened only for this gives its files back at the next opportunity; and if
            // it goes offline here, its readers wait for nothing.
            shard.watch(owned);
            // A group that was made since may need what is old.
            shard.follow(owned);
            int deleted = owned.retain(policy, nowMs, shard.soon());
            if (!owned.partition.isSettled()) {
                // It sealed a segment: until that is durable the partition cannot go to rest.
                shard.appended(owned);
            }
            if (deleted > 0) {
                LOG.info(
                        "partition {}: retention deleted {} segment{}",
                        info.displayName(),
                        deleted,
                        deleted == 1 ? "" : "s");
            }
        } catch (NotLeaderException e) {
            // Its leader sees to it, and the copies follow.
        } catch (StorageException e) {
            LOG.warn("partition {}: retention: {}", info.displayName(), e.getMessage());
        }
    }

    /** Gives back files and memory of logs that nobody used for a while. */
    void hibernateIdle(long nowMs) {
        for (Owned owned : shard.replicas().served()) {
            if (owned.isIdleSince(nowMs - idleAfterMs)) {
                owned.partition.log().hibernate();
                owned.desk().forgetEntries();
            }
            if (owned.partition.log().offlineReason() != null) {
                // By this attempt, or in the background since somebody used it.
                shard.watch(owned);
            }
        }
    }
}
