package io.headwater.broker.control;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.storage.Mark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Partitions of plain maps. Answers go through the executor, one turn later, as real ones do; or wait, when held. */
final class FakePartitions implements Partitions, PositionsView.Marked {
    private final Executor answers;
    final Map<Long, Log> logs = new TreeMap<>();
    /** Partitions that were asked anything: real ones would have had to open their logs. */
    final Set<Long> opened = new TreeSet<>();

    /** Announced to the marks. */
    final Set<Long> expected = new TreeSet<>();

    boolean marksFail;
    final Set<Long> offline = new HashSet<>();
    final Set<Long> deleted = new TreeSet<>();
    final List<String> chores = new ArrayList<>();
    private final List<Runnable> heldBack = new ArrayList<>();
    private boolean holding;

    static final class Log {
        long endOffset;
        long endIndex;
        long bytes;
        boolean clean;
        final Map<Integer, Long> positions = new HashMap<>();
    }

    FakePartitions(Executor answers) {
        this.answers = answers;
    }

    Log log(long partitionId) {
        return logs.computeIfAbsent(partitionId, id -> new Log());
    }

    void append(long partitionId, int records) {
        Log log = log(partitionId);
        log.endOffset += records;
        log.endIndex++;
        log.bytes += records * 100L;
        log.clean = false;
    }

    /** As a clean stop would leave them. */
    void closeAll() {
        logs.values().forEach(log -> log.clean = true);
        opened.clear();
    }

    void hold() {
        holding = true;
    }

    void letGo() {
        holding = false;
        heldBack.forEach(answers::execute);
        heldBack.clear();
    }

    private <T extends @Nullable Object> CompletionStage<T> answer(long partitionId, Supplier<T> value) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        opened.add(partitionId);
        // Decided in the order of the questions, as by the owner's mailbox.
        boolean dead = offline.contains(partitionId);
        T decided = dead ? null : value.get();
        Runnable completion = () -> {
            if (dead) {
                stage.completeExceptionally(new RequestFailedException(
                        Errors.of(ErrorCode.ERROR_PARTITION_OFFLINE, "partition " + partitionId + " is offline")));
            } else {
                stage.complete(decided);
            }
        };
        if (holding) {
            heldBack.add(completion);
        } else {
            answers.execute(completion);
        }
        return stage;
    }

    @Override
    public CompletionStage<PartitionDescription> describe(PartitionInfo partition, boolean asBelieved) {
        return answer(
                partition.partitionId(),
                () -> PartitionDescription.newBuilder()
                        .setIndex(partition.index())
                        .setPartitionId(partition.partitionId())
                        .setEndOffset(log(partition.partitionId()).endOffset)
                        .setBytes(log(partition.partitionId()).bytes)
                        .build());
    }

    @Override
    public CompletionStage<ClusterLags> lags(int node) {
        return CompletableFuture.completedStage(ClusterLags.getDefaultInstance());
    }

    @Override
    public CompletionStage<FindOffsetReply> findOffset(PartitionInfo partition, Anchor anchor, long value) {
        return answer(partition.partitionId(), () -> {
            long end = log(partition.partitionId()).endOffset;
            long offset = anchor == Anchor.ANCHOR_END ? end : anchor == Anchor.ANCHOR_OFFSET ? value : 0;
            return FindOffsetReply.newBuilder()
                    .setOffset(offset)
                    .setEndOffset(end)
                    .build();
        });
    }

    @Override
    public CompletionStage<Void> commit(PartitionInfo partition, int groupId, CommitPosition position, long nowMs) {
        return answer(partition.partitionId(), () -> {
            change(partition.partitionId()).merge(groupId, position.getOffset(), Math::max);
            return null;
        });
    }

    @Override
    public CompletionStage<Void> seek(PartitionInfo partition, int groupId, CommitPosition position, long nowMs) {
        return answer(partition.partitionId(), () -> {
            change(partition.partitionId()).put(groupId, position.getOffset());
            return null;
        });
    }

    private Map<Integer, Long> change(long partitionId) {
        Log log = log(partitionId);
        log.endIndex++;
        log.clean = false;
        return log.positions;
    }

    @Override
    public CompletionStage<Long> position(PartitionInfo partition, int groupId) {
        return answer(
                partition.partitionId(),
                () -> log(partition.partitionId()).positions.getOrDefault(groupId, -1L));
    }

    @Override
    public CompletionStage<PositionsSnapshot> positions(PartitionInfo partition) {
        return answer(partition.partitionId(), () -> {
            Log log = log(partition.partitionId());
            List<PositionsSnapshot.Committed> all = new ArrayList<>();
            log.positions.forEach((group, offset) -> all.add(new PositionsSnapshot.Committed(group, offset, 7)));
            return new PositionsSnapshot(log.endIndex, all);
        });
    }

    @Override
    public CompletionStage<GroupPartition> groupPartition(PartitionInfo partition, int groupId) {
        return answer(partition.partitionId(), () -> {
            Log log = log(partition.partitionId());
            long position = log.positions.getOrDefault(groupId, -1L);
            long lag = log.endOffset - Math.max(0, position);
            return GroupPartition.newBuilder()
                    .setPosition(position)
                    .setEndOffset(log.endOffset)
                    .setLagRecords(lag)
                    .setLagMs(lag * 10)
                    .build();
        });
    }

    @Override
    public CompletionStage<Void> forgetGroup(PartitionInfo partition, int groupId) {
        return answer(partition.partitionId(), () -> {
            change(partition.partitionId()).remove(groupId);
            return null;
        });
    }

    @Override
    public CompletionStage<Void> delete(long partitionId) {
        return answer(partitionId, () -> {
            logs.remove(partitionId);
            deleted.add(partitionId);
            return null;
        });
    }

    @Override
    public void retain(PartitionInfo partition, TopicPolicy policy, long nowMs) {
        chores.add("retain " + partition.displayName());
    }

    @Override
    public void hibernateIdle(long nowMs) {
        chores.add("hibernate");
    }

    @Override
    public boolean load(long partitionId, Mark into) {
        Log log = logs.get(partitionId);
        if (log == null) {
            into.clean = true;
            into.durable.set(0, 0, 0, 0);
            return expected.contains(partitionId);
        }
        into.partitionId = partitionId;
        into.clean = log.clean;
        into.durable.set(log.endIndex, log.endOffset, 0, 0);
        return true;
    }

    @Override
    public long[] partitionIds() {
        return logs.keySet().stream().mapToLong(id -> id).toArray();
    }

    @Override
    public void expect(long[] partitionIds) throws IOException {
        if (marksFail) {
            throw new IOException("the marks cannot be written");
        }
        for (long partitionId : partitionIds) {
            expected.add(partitionId);
        }
    }

    @Override
    public CompletionStage<QueuePartition> describeQueue(PartitionInfo partition, int groupId) {
        return CompletableFuture.completedStage(QueuePartition.newBuilder()
                .setIndex(partition.index())
                .setPartitionId(partition.partitionId())
                .build());
    }

    @Override
    public CompletionStage<Boolean> queueGroupsChanged(PartitionInfo partition) {
        return CompletableFuture.completedStage(true);
    }
}
