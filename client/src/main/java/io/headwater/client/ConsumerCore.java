package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.Topics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The loop's side of a consumer: knows which partitions to read, keeps a {@link Subscriptions subscription} for each,
 * and passes on what comes.
 */
final class ConsumerCore implements SessionListener, GroupMember.Owner {
    private final Cluster cluster;
    private final ConsumerSettings settings;
    private final DeliveryQueue queue;
    private final Subscriptions subscriptions;
    private final Map<Long, PartitionReader> readers = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<PartitionReader> revocations = new ConcurrentLinkedQueue<>();
    private final @Nullable GroupMember member;
    private Map<Long, AssignedPartition> assigned = new HashMap<>();
    private volatile boolean resolved;
    private boolean resolving;

    ConsumerCore(Cluster cluster, ConsumerSettings settings, DeliveryQueue queue, Subscriptions subscriptions) {
        this.cluster = cluster;
        this.settings = settings;
        this.queue = queue;
        this.subscriptions = subscriptions;
        String group = settings.group();
        this.member =
                group == null ? null : new GroupMember(cluster, group, settings.memberId(), settings.topics(), this);
    }

    @Nullable
    GroupMember member() {
        return member;
    }

    Subscriptions subscriptions() {
        return subscriptions;
    }

    /** From any thread. */
    Collection<PartitionReader> readers() {
        return readers.values();
    }

    /** Partitions that are to be given up once their records are processed. From any thread. */
    @Nullable
    PartitionReader nextRevocation() {
        return revocations.poll();
    }

    /** It is known what to read. From any thread. */
    boolean isResolved() {
        return member == null ? resolved : resolved && (!readers.isEmpty() || member.isSettled());
    }

    @Override
    public void ready(Session session) {
        if (member != null) {
            member.joinIfNeeded();
        } else if (!resolved) {
            resolve();
        }
        resumeAll();
    }

    /** A member that is not let in reads nothing on: its partitions may be somebody else's. */
    private void resumeAll() {
        if (member == null || member.isJoined()) {
            readers.values().forEach(subscriptions::resume);
        }
    }

    @Override
    public void lost(Session session) {
        subscriptions.lost(session);
        if (member != null) {
            member.lost(session);
            member.joinIfNeeded();
        }
        resumeAll();
    }

    @Override
    public void moved() {
        readers.values().forEach(subscriptions::follow);
        resumeAll();
    }

    @Override
    public void pushed(Session session, Frame frame) {
        if (frame.type() == FrameType.DELIVER) {
            subscriptions.delivered(session, frame.message(Deliver.class), frame.attachment());
        } else if (frame.type() == FrameType.ASSIGNMENT && member != null) {
            member.pushed(session, frame.message(Assignment.class));
        }
    }

    @Override
    public void writable(Session session) {
        // What a consumer sends is small.
    }

    @Override
    public void tick(long nowNs) {
        if (member != null) {
            member.joinIfNeeded();
        } else if (!resolved && cluster.any() != null) {
            resolve();
        }
        resumeAll();
    }

    private void resolve() {
        if (resolving) {
            return;
        }
        resolving = true;
        Set<String> names = new LinkedHashSet<>(settings.topics());
        settings.partitions().forEach(partition -> names.add(partition.topic()));
        cluster.call(
                FrameType.GET_TOPICS,
                GetTopics.newBuilder().addAllNames(names).build(),
                Call.Repeat.READ,
                new ReplyHandler() {
                    @Override
                    public void replied(MessageLite message) {
                        resolved((Topics) message);
                    }

                    @Override
                    public void failed(HeadwaterException why) {
                        resolving = !(why instanceof HeadwaterException.Retriable);
                        ConsumerCore.this.failed(why);
                    }
                });
    }

    private void resolved(Topics topics) {
        Map<StreamConsumer.TopicPartition, Long> ids = new LinkedHashMap<>();
        for (Topic topic : topics.getTopicsList()) {
            for (Partition partition : topic.getPartitionsList()) {
                ids.put(
                        new StreamConsumer.TopicPartition(topic.getName(), partition.getIndex()),
                        partition.getPartitionId());
            }
        }
        if (!settings.partitions().isEmpty()) {
            for (StreamConsumer.TopicPartition wanted : settings.partitions()) {
                if (!ids.containsKey(wanted)) {
                    failed(new HeadwaterException.Rejected(
                            "UNKNOWN_PARTITION",
                            "topic " + wanted.topic() + " has no partition " + wanted.partition()));
                    return;
                }
            }
            ids.keySet().retainAll(settings.partitions());
        }
        ids.forEach((partition, id) -> readers.put(id, new PartitionReader(partition, id)));
        resolved = true;
        readers.values().forEach(reader -> subscriptions.open(reader, settings.from()));
        queue.nudge();
    }

    @Override
    public void moved(Assignment assignment) {
        for (AssignedPartition partition : assignment.getPartitionsList()) {
            PartitionReader reader = readers.get(partition.getPartitionId());
            if (reader != null && !reader.revoked && partition.getSinceGeneration() != reader.sinceGeneration) {
                reader.setAside();
            }
        }
    }

    @Override
    public void assigned(Assignment assignment) {
        Map<Long, AssignedPartition> wanted = new HashMap<>();
        assignment.getPartitionsList().forEach(partition -> wanted.put(partition.getPartitionId(), partition));
        assigned = wanted;
        for (PartitionReader reader : readers.values()) {
            AssignedPartition partition = wanted.get(reader.partitionId);
            if (partition == null) {
                revoke(reader);
            } else if (!reader.revoked) {
                keep(reader, partition);
            }
        }
        wanted.values().forEach(this::startIfNew);
        resolved = true;
        queue.nudge();
    }

    private void revoke(PartitionReader reader) {
        if (!reader.revoked) {
            reader.revoked = true;
            subscriptions.stop(reader);
            revocations.add(reader);
        }
    }

    private void keep(PartitionReader reader, AssignedPartition partition) {
        if (partition.getSinceGeneration() != reader.sinceGeneration) {
            reader.sinceGeneration = partition.getSinceGeneration();
            subscriptions.stop(reader);
            start(reader, partition);
        } else {
            subscriptions.resume(reader);
        }
    }

    private void startIfNew(AssignedPartition partition) {
        if (!readers.containsKey(partition.getPartitionId())) {
            PartitionReader reader = new PartitionReader(
                    new StreamConsumer.TopicPartition(partition.getTopic(), partition.getIndex()),
                    partition.getPartitionId());
            reader.sinceGeneration = partition.getSinceGeneration();
            readers.put(partition.getPartitionId(), reader);
            start(reader, partition);
        }
    }

    private void start(PartitionReader reader, AssignedPartition partition) {
        reader.committed = partition.getPosition();
        subscriptions.open(
                reader, partition.getPosition() < 0 ? settings.from() : Position.offset(partition.getPosition()));
    }

    /** The user has processed what it had of these, and it is committed. */
    void gaveUp(List<PartitionReader> given) {
        for (PartitionReader reader : given) {
            readers.remove(reader.partitionId, reader);
            AssignedPartition again = assigned.get(reader.partitionId);
            if (again != null) {
                startIfNew(again);
            }
        }
        if (member != null) {
            member.heartbeatNow();
        }
    }

    @Override
    public void expelled() {
        for (PartitionReader reader : List.copyOf(readers.values())) {
            reader.revoked = true;
            subscriptions.stop(reader);
            readers.remove(reader.partitionId, reader);
        }
        assigned = new HashMap<>();
        queue.nudge();
    }

    @Override
    public List<Long> ownedPartitionIds() {
        return new ArrayList<>(readers.keySet());
    }

    @Override
    public void failed(HeadwaterException why) {
        queue.add(Delivery.failed(null, why));
    }

    /** Runs it for the reader of this partition; false: it is not read. */
    boolean withReader(StreamConsumer.TopicPartition partition, Consumer<PartitionReader> action) {
        for (PartitionReader reader : readers.values()) {
            if (reader.partition.equals(partition) && !reader.revoked) {
                action.accept(reader);
                return true;
            }
        }
        return false;
    }

    void stop() {
        subscriptions.close();
        readers.values().forEach(subscriptions::stop);
        cluster.remove(this);
        if (member != null) {
            member.stop();
        }
    }
}
