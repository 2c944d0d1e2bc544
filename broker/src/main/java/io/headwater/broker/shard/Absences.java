package io.headwater.broker.shard;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogLeavingException;
import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongHashSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies that should be open here and are not: broken until a restart, not to be opened just now, or damaged. What is only
 * damaged gives up what it holds from there on as soon as another copy leads, and gets that from there.
 */
final class Absences {
    private static final Logger LOG = LoggerFactory.getLogger(Absences.class);
    private static final long AGAIN_MS = 500;

    private final ShardGauges gauges;
    private final Long2ObjectHashMap<StorageException> broken = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<CorruptLogException> damaged = new Long2ObjectHashMap<>();
    /** Of the damaged ones, why. */
    private final Long2ObjectHashMap<String> waiting = new Long2ObjectHashMap<>();

    private final LongHashSet delayed = new LongHashSet();
    private long triedMs;

    Absences(ShardGauges gauges) {
        this.gauges = gauges;
    }

    /**
     * Its log cannot be read or written, or must not be.
     *
     * @param damage if that is all that is wrong; null: it is not
     * @param alone nobody else has a copy
     */
    void broke(PartitionInfo info, StorageException why, @Nullable CorruptLogException damage, boolean alone) {
        long id = info.partitionId();
        broken.put(id, why);
        gauges.offlinePartitions = broken.size();
        if (damage == null) {
            LOG.error("partition {}: offline until a restart: {}", info.displayName(), why.getMessage());
        } else if (alone) {
            LOG.error(
                    "partition {}: offline, its only copy is damaged: {}. Restore the data directory from a backup, or delete"
                            + " the topic",
                    info.displayName(),
                    damage.getMessage());
        } else {
            damaged.put(id, damage);
            LOG.error(
                    "partition {}: offline until another copy leads, from which it is healed: {}",
                    info.displayName(),
                    damage.getMessage());
        }
    }

    /**
     * It is not broken any more if it was only damaged, another copy leads, and the nodes of all other voters are alive.
     * What stands behind the damage may be whole, and the second-to-last copy of what was acknowledged while one was away.
     */
    void heal(PartitionInfo info, int self, MetadataImage image, DataDirectory data) {
        Leader leader = info.leader();
        CorruptLogException damage = damaged.get(info.partitionId());
        if (damage == null || leader == null || leader.nodeId() == self) {
            return;
        }
        NodeInfo node = image.node(leader.nodeId());
        if (node == null || node.fenced() || node.incarnation() != leader.incarnation()) {
            return;
        }
        Replica away = awayFrom(info, self, image);
        if (away != null) {
            waits(
                    info,
                    "node " + away.nodeId()
                            + " has a vote and is not alive; until it is, nothing of this copy is given up."
                            + " A restart of this broker makes the copy count again until the damage is read again");
            return;
        }
        try {
            data.forfeit(info.partitionId(), damage);
            end(info.partitionId());
            gauges.repairsBegun++;
            LOG.warn(
                    "partition {}: this copy is damaged ({}): what is missing comes from node {}",
                    info.displayName(),
                    damage.getMessage(),
                    leader.nodeId());
        } catch (LogLeavingException soon) {
            LOG.debug("partition {}: {}", info.displayName(), soon.getMessage());
        } catch (StorageException e) {
            waits(info, String.valueOf(e.getMessage()));
        }
    }

    /** A voter, but for the one here, that is not on a live node. */
    private static @Nullable Replica awayFrom(PartitionInfo info, int self, MetadataImage image) {
        List<Replica> voters = new ArrayList<>(info.replicas().voters());
        voters.addAll(info.replicas().nextVoters());
        for (Replica voter : voters) {
            NodeInfo node = image.node(voter.nodeId());
            if (voter.nodeId() != self
                    && (node == null || node.fenced() || !node.replica().equals(voter))) {
                return voter;
            }
        }
        return null;
    }

    /** Said once, and again when it is something else. */
    private void waits(PartitionInfo info, String why) {
        if (!why.equals(waiting.put(info.partitionId(), why))) {
            LOG.warn("partition {}: its damaged copy cannot be healed now: {}", info.displayName(), why);
        }
    }

    /** Why it is broken; null: it is not. */
    @Nullable
    StorageException broken(long partitionId) {
        return broken.get(partitionId);
    }

    /** It could not be opened, and may be soon. False: that is known. */
    boolean delay(long partitionId) {
        return delayed.add(partitionId);
    }

    /** It is open, or has gone. */
    void end(long partitionId) {
        delayed.remove(partitionId);
        damaged.remove(partitionId);
        waiting.remove(partitionId);
        broken.remove(partitionId);
        gauges.offlinePartitions = broken.size();
    }

    List<Long> all() {
        List<Long> all = new ArrayList<>(broken.keySet());
        all.addAll(delayed);
        return all;
    }

    /** Those to be tried again now. */
    long[] due(long nowMs) {
        if (nextInMs(nowMs) > 0) {
            return new long[0];
        }
        triedMs = nowMs;
        return LongStream.concat(
                        delayed.stream().mapToLong(Long::longValue),
                        damaged.keySet().stream().mapToLong(Long::longValue))
                .toArray();
    }

    /** In how many milliseconds there is one; the largest long: not before something happens. */
    long nextInMs(long nowMs) {
        return delayed.isEmpty() && damaged.isEmpty() ? Long.MAX_VALUE : Math.max(0, triedMs + AGAIN_MS - nowMs);
    }
}
