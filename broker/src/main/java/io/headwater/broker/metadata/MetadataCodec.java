package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.State;
import io.headwater.broker.queue.Backoff;
import io.headwater.broker.queue.OnDead;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.protocol.wire.AckLevel;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Between the picture and the messages of the metadata log. */
public final class MetadataCodec {
    private MetadataCodec() {}

    /**
     * @throws IllegalArgumentException naming the field, its value and what was expected
     */
    static TopicPolicy policy(io.headwater.broker.metadata.wire.TopicPolicy wire) {
        AckLevel level = AckLevel.forNumber(wire.getAckLevel());
        return new TopicPolicy(
                wire.getRetentionMs(),
                wire.getRetentionBytes(),
                level == null ? AckLevel.ACK_UNSPECIFIED : level,
                new TopicPolicy.Compaction(
                        wire.getCompact(),
                        wire.getTombstoneDelayMs() == 0
                                ? TopicPolicy.Compaction.OFF.tombstoneDelayMs()
                                : wire.getTombstoneDelayMs()),
                new TopicPolicy.Work(
                        wire.getUntilAcked(), wire.getAckedGraceMs(), limits(wire), wire.getDeadLetter(), dedup(wire)));
    }

    private static TopicPolicy.Dedup dedup(io.headwater.broker.metadata.wire.TopicPolicy wire) {
        int maxIds = wire.getDedupMaxIds();
        return new TopicPolicy.Dedup(
                limit(wire.getDedupWindowMs()), maxIds == 0 ? TopicPolicy.Dedup.OFF.maxIds() : maxIds);
    }

    private static TopicPolicy.Limits limits(io.headwater.broker.metadata.wire.TopicPolicy wire) {
        return new TopicPolicy.Limits(
                limit(wire.getMaxRecords()),
                limit(wire.getMaxBytes()),
                limit(wire.getMaxAgeMs()),
                wire.getRejectsOverflow());
    }

    private static long limit(long wire) {
        return wire == 0 ? TopicPolicy.NO_LIMIT : wire;
    }

    public static io.headwater.broker.metadata.wire.TopicPolicy wire(TopicPolicy policy) {
        TopicPolicy.Limits limits = policy.work().limits();
        return io.headwater.broker.metadata.wire.TopicPolicy.newBuilder()
                .setRetentionMs(policy.retentionMs())
                .setRetentionBytes(policy.retentionBytes())
                .setAckLevel(policy.ackLevel().getNumber())
                .setCompact(policy.compaction().on())
                .setTombstoneDelayMs(policy.compaction().tombstoneDelayMs())
                .setUntilAcked(policy.work().untilAcked())
                .setAckedGraceMs(policy.work().ackedGraceMs())
                .setMaxRecords(limits.maxRecords())
                .setMaxAgeMs(limits.maxAgeMs())
                .setMaxBytes(limits.maxBytes())
                .setDedupWindowMs(policy.work().dedup().windowMs())
                .setDedupMaxIds(policy.work().dedup().maxIds())
                .setRejectsOverflow(limits.rejectsOverflow())
                .setDeadLetter(policy.work().deadLetter())
                .build();
    }

    /**
     * @throws IllegalArgumentException naming the field, its value and what was expected
     */
    static QueuePolicy policy(io.headwater.broker.metadata.wire.QueuePolicy wire) {
        return new QueuePolicy(
                wire.getKeyed(),
                wire.getMaxFailures(),
                new Backoff(
                        numbered("backoff", Backoff.Kind.values(), wire.getBackoff()),
                        wire.getBackoffFirstMs(),
                        wire.getBackoffMaxMs()),
                numbered("onDead", OnDead.values(), wire.getOnDead()),
                false,
                wire.getSessionGraceMs());
    }

    /** Numbers from 1 on, in the order of the enum: its values are only ever added at the end. */
    private static <E> E numbered(String field, E[] values, int number) {
        if (number < 1 || number > values.length) {
            throw new IllegalArgumentException(field + ": " + number + " (expected: 1 to " + values.length + ")");
        }
        return values[number - 1];
    }

    private static <E> int number(E[] values, E value) {
        return List.of(values).indexOf(value) + 1;
    }

    public static io.headwater.broker.metadata.wire.QueuePolicy wire(QueuePolicy policy, long leaseMs) {
        return io.headwater.broker.metadata.wire.QueuePolicy.newBuilder()
                .setKeyed(policy.keyed())
                .setMaxFailures(policy.maxFailures())
                .setBackoff(number(Backoff.Kind.values(), policy.backoff().kind()))
                .setBackoffFirstMs(policy.backoff().firstMs())
                .setBackoffMaxMs(policy.backoff().maxMs())
                .setOnDead(number(OnDead.values(), policy.onDead()))
                .setSessionGraceMs(policy.graceMs())
                .setLeaseMs(leaseMs)
                .build();
    }

    public static State snapshot(MetadataImage image) {
        return new SnapshotWriter().state(image);
    }

    /**
     * @throws IllegalArgumentException if the snapshot contradicts itself
     */
    public static MetadataImage image(State state) {
        return new SnapshotReader(state).image();
    }

    static Replica replica(io.headwater.broker.metadata.wire.Replica wire) {
        return new Replica(wire.getNodeId(), wire.getDirectoryId());
    }

    public static io.headwater.broker.metadata.wire.Replica wire(Replica replica) {
        return io.headwater.broker.metadata.wire.Replica.newBuilder()
                .setNodeId(replica.nodeId())
                .setDirectoryId(replica.directoryId())
                .build();
    }

    /**
     * @throws IllegalArgumentException naming the feature
     */
    static SortedMap<String, FeatureRange> features(List<io.headwater.broker.metadata.wire.FeatureRange> wire) {
        SortedMap<String, FeatureRange> features = new TreeMap<>();
        for (io.headwater.broker.metadata.wire.FeatureRange one : wire) {
            if (features.put(one.getName(), new FeatureRange(one.getMin(), one.getMax())) != null) {
                throw new IllegalArgumentException(
                        "feature: " + NameRules.shown(one.getName()) + " twice (expected: each once)");
            }
        }
        return features;
    }
}
