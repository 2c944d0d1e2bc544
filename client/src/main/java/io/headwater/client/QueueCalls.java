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
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Asks for the group first, and then the owners of its partitions, one after the other. */
final class QueueCalls implements QueueAdmin {
    private static final int LARGEST_PAGE = 10_000;
    private static final int LARGEST_STEP = 100_000;

    private final Caller caller;
    private final LongSupplier requestIds;
    private final boolean local;

    /** @param requestIds never the same twice */
    QueueCalls(Caller caller, LongSupplier requestIds) {
        this(caller, requestIds, false);
    }

    private QueueCalls(Caller caller, LongSupplier requestIds, boolean local) {
        this.caller = caller;
        this.requestIds = requestIds;
        this.local = local;
    }

    @Override
    public QueueAdmin local() {
        return new QueueCalls(caller, requestIds, true);
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
        QueueGroup group = group(topic, name);
        List<KnownRecord> found = new ArrayList<>();
        Page page = browse(group, Set.of(state), QueueFilter.all(), from, max);
        found.addAll(page.records());
        while (page.next() != null && found.size() < max) {
            page = browse(group, Set.of(state), QueueFilter.all(), page.next(), max - found.size());
            found.addAll(page.records());
        }
        return new Page(found, page.next());
    }

    @Override
    public Page browse(String topic, String name, Set<RecordState> states, QueueFilter which, Place from, int max) {
        return browse(group(topic, name), states, which, from, max);
    }

    /** Looks in one partition. */
    private Page browse(QueueGroup group, Set<RecordState> states, QueueFilter which, Place from, int max) {
        if (max < 1 || max > LARGEST_PAGE) {
            throw new IllegalArgumentException("max: " + max + " (expected: 1 to " + LARGEST_PAGE + ")");
        }
        Place at = QueueWire.within(which.range(), from);
        QueueBrowse.Builder request = QueueBrowse.newBuilder()
                .setPartitionId(partitionId(group, at.partition()))
                .setGroupId(group.getId())
                .setFromOffset(at.offset())
                .setUntilOffset(which.range().untilOffset())
                .setFilter(QueueWire.filter(which))
                .setMax(max)
                .setLocal(local);
        states.forEach(state -> request.addStates(QueueWire.state(state)));
        if (which.range().untilOffset() == 0) {
            return new Page(List.of(), null);
        }
        QueueRecords reply = caller.call(FrameType.QUEUE_BROWSE, request.build(), Call.Repeat.READ, QueueRecords.class);
        return new Page(
                reply.getRecordsList().stream()
                        .map(record -> QueueWire.record(at.partition(), record))
                        .toList(),
                next(group, which.range(), at, reply.getNextOffset()));
    }

    /** Where to go on behind what one partition has answered; null: nowhere. */
    private static @Nullable Place next(QueueGroup group, Range range, Place at, long nextOffset) {
        if (nextOffset >= 0) {
            return new Place(at.partition(), nextOffset);
        }
        int next = at.partition() + 1;
        return range.partition() < 0 && next < group.getPartitionIdsCount() ? new Place(next, 0) : null;
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
                        .setLocal(local)
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
                        .setLocal(local)
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
        everywhere(topic, name, QueueOperation.QUEUE_PAUSE);
    }

    @Override
    public void resume(String topic, String name) {
        everywhere(topic, name, QueueOperation.QUEUE_RESUME);
    }

    private void everywhere(String topic, String name, QueueOperation operation) {
        QueueGroup group = group(topic, name);
        for (long partitionId : group.getPartitionIdsList()) {
            operate(QueueOperate.newBuilder()
                    .setPartitionId(partitionId)
                    .setGroupId(group.getId())
                    .setOperation(operation));
        }
    }

    @Override
    public long purge(String topic, String name, Range range, Set<RecordState> states) {
        return sweep(topic, name, QueueSweep.purge(states, QueueFilter.in(range)));
    }

    @Override
    public long redrive(String topic, String name, Range range) {
        return sweep(topic, name, QueueSweep.redrive(QueueFilter.in(range)));
    }

    @Override
    public long cancel(String topic, String name, Range range) {
        return sweep(topic, name, QueueSweep.cancel(QueueFilter.in(range)));
    }

    @Override
    public long sweep(String topic, String name, QueueSweep sweep) {
        QueueGroup group = group(topic, name);
        long records = 0;
        Place place = Place.FIRST;
        while (place != null) {
            Step step = sweep(group, sweep, place, 0);
            records += step.records();
            place = step.next();
        }
        return records;
    }

    @Override
    public Step sweep(String topic, String name, QueueSweep sweep, Place from, int max) {
        if (max < 0 || max > LARGEST_STEP) {
            throw new IllegalArgumentException("max: " + max + " (expected: 0 to " + LARGEST_STEP + ")");
        }
        return sweep(group(topic, name), sweep, from, max);
    }

    private Step sweep(QueueGroup group, QueueSweep sweep, Place from, int max) {
        Range range = sweep.which().range();
        Place at = QueueWire.within(range, from);
        QueueOperate.Builder request = QueueOperate.newBuilder()
                .setPartitionId(partitionId(group, at.partition()))
                .setGroupId(group.getId())
                .setOperation(QueueWire.operation(sweep.kind()))
                .setFromOffset(at.offset())
                .setUntilOffset(range.untilOffset())
                .setFilter(QueueWire.filter(sweep.which()))
                .setMax(max)
                .setDryRun(sweep.dryRun())
                .setRequestId(requestIds.getAsLong());
        sweep.states().forEach(state -> request.addStates(QueueWire.state(state)));
        QueueOperateReply reply =
                sweep.kind() == QueueSweep.Kind.MOVE ? move(request, sweep.target()) : operate(request);
        return new Step(
                reply.getRecords(),
                reply.getGone(),
                QueueWire.left(reply.getLeft()),
                next(group, range, at, reply.getNextOffset()));
    }

    /** A page whose answer is lost is not asked for again: that would move the next one, and nobody would count the first. */
    private QueueOperateReply move(QueueOperate.Builder request, @Nullable String target) {
        QueueOperate.Builder whole = target == null ? request.setToOrigin(true) : request.setToTopic(target);
        return caller.call(FrameType.QUEUE_OPERATE, whole.build(), Call.Repeat.REFUSED, QueueOperateReply.class);
    }

    private QueueOperateReply operate(QueueOperate.Builder request) {
        return caller.call(FrameType.QUEUE_OPERATE, request.build(), Call.Repeat.SAFE, QueueOperateReply.class);
    }
}
