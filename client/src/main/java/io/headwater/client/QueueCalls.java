package io.headwater.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AlterQueueGroup;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.DeleteQueueGroup;
import io.headwater.protocol.wire.DeleteQueueGroupReply;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.GetQueueGroups;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueExplanation;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueueGroups;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.protocol.wire.QueueRecords;
import io.headwater.record.KeyHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks for the group first, and then the owners of its partitions, one after the other. */
final class QueueCalls implements QueueAdmin {
    private static final int LARGEST_PAGE = 10_000;

    private final Caller caller;

    QueueCalls(Caller caller) {
        this.caller = caller;
    }

    static GetQueueGroups find(String topic, String name) {
        return GetQueueGroups.newBuilder().setTopic(topic).setName(name).build();
    }

    private QueueGroup group(String topic, String name) {
        return caller.call(FrameType.GET_QUEUE_GROUPS, find(topic, name), Call.Repeat.READ, QueueGroups.class)
                .getGroups(0);
    }

    @Override
    public Group create(String topic, String name, QueueGroupConfig config) {
        CreateQueueGroup request = CreateQueueGroup.newBuilder()
                .setTopic(topic)
                .setName(name)
                .setKeyed(config.keyed())
                .setConfig(QueueWire.config(config))
                .build();
        return QueueWire.group(caller.call(FrameType.CREATE_QUEUE_GROUP, request, Call.Repeat.NEVER, QueueGroup.class));
    }

    @Override
    public Group alter(String topic, String name, QueueGroupConfig config) {
        AlterQueueGroup request = AlterQueueGroup.newBuilder()
                .setTopic(topic)
                .setName(name)
                .setConfig(QueueWire.config(config))
                .build();
        return QueueWire.group(caller.call(FrameType.ALTER_QUEUE_GROUP, request, Call.Repeat.SAFE, QueueGroup.class));
    }

    @Override
    public void delete(String topic, String name) {
        DeleteQueueGroup request =
                DeleteQueueGroup.newBuilder().setTopic(topic).setName(name).build();
        caller.call(FrameType.DELETE_QUEUE_GROUP, request, Call.Repeat.NEVER, DeleteQueueGroupReply.class);
    }

    @Override
    public List<Group> list(String topic) {
        return caller
                .call(FrameType.GET_QUEUE_GROUPS, find(topic, ""), Call.Repeat.READ, QueueGroups.class)
                .getGroupsList()
                .stream()
                .map(QueueWire::group)
                .toList();
    }

    @Override
    public List<Group> list() {
        return list("");
    }

    @Override
    public Description describe(String topic, String name) {
        DescribeQueueGroup request =
                DescribeQueueGroup.newBuilder().setTopic(topic).setName(name).build();
        QueueGroupDescription reply =
                caller.call(FrameType.DESCRIBE_QUEUE_GROUP, request, Call.Repeat.READ, QueueGroupDescription.class);
        return new Description(
                QueueWire.group(reply.getGroup()),
                reply.getPartitionsList().stream().map(QueueWire::status).toList());
    }

    @Override
    public Page browse(String topic, String name, RecordState state, Place from, int max) {
        if (max < 1 || max > LARGEST_PAGE) {
            throw new IllegalArgumentException("max: " + max + " (expected: 1 to " + LARGEST_PAGE + ")");
        }
        QueueGroup group = group(topic, name);
        List<KnownRecord> found = new ArrayList<>();
        Place place = from;
        while (place != null && found.size() < max) {
            place = browse(group, state, place, max - found.size(), found);
        }
        return new Page(found, place);
    }

    /** Adds what it finds in one partition; returns where to go on. */
    private @Nullable Place browse(QueueGroup group, RecordState state, Place from, int max, List<KnownRecord> found) {
        QueueBrowse request = QueueBrowse.newBuilder()
                .setPartitionId(partitionId(group, from.partition()))
                .setGroupId(group.getId())
                .setState(QueueWire.state(state))
                .setFromOffset(from.offset())
                .setMax(max)
                .build();
        QueueRecords reply = caller.call(FrameType.QUEUE_BROWSE, request, Call.Repeat.READ, QueueRecords.class);
        reply.getRecordsList().forEach(record -> found.add(QueueWire.record(from.partition(), record)));
        if (reply.getNextOffset() >= 0) {
            return new Place(from.partition(), reply.getNextOffset());
        }
        int next = from.partition() + 1;
        return next < group.getPartitionIdsCount() ? new Place(next, 0) : null;
    }

    private static long partitionId(QueueGroup group, int partition) {
        if (partition < 0 || partition >= group.getPartitionIdsCount()) {
            throw new HeadwaterException.Rejected(
                    "UNKNOWN_PARTITION",
                    "topic " + group.getTopic() + " has no partition " + partition + " (expected: 0 to "
                            + (group.getPartitionIdsCount() - 1) + ")");
        }
        return group.getPartitionIds(partition);
    }

    @Override
    public Explanation explain(String topic, String name, int partition, long offset) {
        QueueGroup group = group(topic, name);
        return explain(
                partition,
                QueueExplain.newBuilder()
                        .setPartitionId(partitionId(group, partition))
                        .setGroupId(group.getId())
                        .setOffset(offset)
                        .build());
    }

    @Override
    public Explanation explain(String topic, String name, byte[] key) {
        QueueGroup group = group(topic, name);
        int partition = KeyHash.partitionFor(key, group.getPartitionIdsCount());
        return explain(
                partition,
                QueueExplain.newBuilder()
                        .setPartitionId(partitionId(group, partition))
                        .setGroupId(group.getId())
                        .setKey(ByteString.copyFrom(key))
                        .build());
    }

    private Explanation explain(int partition, MessageLite request) {
        QueueExplanation reply =
                caller.call(FrameType.QUEUE_EXPLAIN, request, Call.Repeat.READ, QueueExplanation.class);
        return new Explanation(
                reply.getCode(),
                reply.getText(),
                reply.hasRecord() ? QueueWire.record(partition, reply.getRecord()) : null,
                reply.getBehindOffset(),
                QueueWire.status(reply.getPartition()));
    }

    @Override
    public void pause(String topic, String name) {
        operate(topic, name, QueueOperation.QUEUE_PAUSE, Range.all(), Set.of());
    }

    @Override
    public void resume(String topic, String name) {
        operate(topic, name, QueueOperation.QUEUE_RESUME, Range.all(), Set.of());
    }

    @Override
    public long purge(String topic, String name, Range range, Set<RecordState> states) {
        return operate(topic, name, QueueOperation.QUEUE_PURGE, range, states);
    }

    @Override
    public long redrive(String topic, String name, Range range) {
        return operate(topic, name, QueueOperation.QUEUE_REDRIVE, range, Set.of());
    }

    @Override
    public long cancel(String topic, String name, Range range) {
        return operate(topic, name, QueueOperation.QUEUE_CANCEL, range, Set.of());
    }

    /** What was done in one partition stays done when another fails. */
    private long operate(String topic, String name, QueueOperation operation, Range range, Set<RecordState> states) {
        QueueGroup group = group(topic, name);
        QueueOperate.Builder request = QueueOperate.newBuilder()
                .setGroupId(group.getId())
                .setOperation(operation)
                .setFromOffset(range.fromOffset())
                .setUntilOffset(range.untilOffset());
        states.forEach(state -> request.addStates(QueueWire.state(state)));
        if (range.partition() >= 0) {
            return operate(request.setPartitionId(partitionId(group, range.partition())));
        }
        long records = 0;
        for (long partitionId : group.getPartitionIdsList()) {
            records += operate(request.setPartitionId(partitionId));
        }
        return records;
    }

    private long operate(QueueOperate.Builder request) {
        return caller.call(FrameType.QUEUE_OPERATE, request.build(), Call.Repeat.SAFE, QueueOperateReply.class)
                .getRecords();
    }
}
