package io.headwater.broker.shard;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.replica.ReplicaSettings;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.PartitionLog;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** The owners of a broker without their threads: a simulation takes their turns. */
public final class SteppedShards {
    /** Looks at copies. */
    public interface Copies {
        /**
         * @param commit all before this index is committed, as far as this copy knows
         * @param leads the epoch that it leads; 0: it follows
         */
        void copy(long partitionId, PartitionLog log, long commit, int leads);
    }

    private final List<Shard> shards;

    public SteppedShards(
            Owners owners,
            DataDirectory data,
            Supplier<MetadataImage> metadata,
            NodeInfo self,
            Supplier<ReplicaPost> posts,
            Executor files,
            ReplicaSettings replication) {
        this.shards = owners.prepare(data, metadata, self, posts, files, files, replication);
    }

    /** One turn of each. Returns how much there was to do. */
    public int doWork() {
        int work = 0;
        for (Shard shard : shards) {
            work += shard.doWork();
        }
        return work;
    }

    /** In how many nanoseconds one of them has something to do though nobody asks for it. */
    public long nextInNs() {
        long next = Long.MAX_VALUE;
        for (Shard shard : shards) {
            next = Math.min(next, shard.nextTurnInNs());
        }
        return next;
    }

    /** Whether something is appended, here or by the leader, that the disk may not have yet. */
    public boolean isUnsettled() {
        for (Shard shard : shards) {
            if (shard.isUnsettled()) {
                return true;
            }
        }
        return false;
    }

    /** Shows each copy that is open. */
    public void look(Copies to) {
        for (Shard shard : shards) {
            for (LocalReplica local : shard.replicas().copies()) {
                boolean leads = local.replica().isLeading();
                to.copy(local.partitionId(), local.log, local.replica().commit(), leads ? local.epoch() : 0);
            }
        }
    }

    /** How many copies are offline until a restart. */
    public int offline() {
        int offline = 0;
        for (Shard shard : shards) {
            offline += shard.gauges().offlinePartitions();
        }
        return offline;
    }
}
