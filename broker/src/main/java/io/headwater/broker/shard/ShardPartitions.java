package io.headwater.broker.shard;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.PartitionReport;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.PendingGroupOp;
import io.headwater.broker.partition.ReplicaLags;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.stream.OffsetFinder;
import io.headwater.broker.work.Reports;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.FollowerLag;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.storage.StorageException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The port to the owners: every call becomes a value in a mailbox. */
final class ShardPartitions implements Partitions {
    /** Of a state: what is described is what this broker believes. */
    private static final String UNCONFIRMED = "unconfirmed: ";

    private final Owners owners;
    private final Executor answers;

    ShardPartitions(Owners owners, Executor answers) {
        this.owners = owners;
        this.answers = answers;
    }

    @Override
    public CompletionStage<PartitionDescription> describe(PartitionInfo partition, boolean local) {
        Completion<PartitionDescription> completion = new Completion<>(answers);
        post(partition.partitionId(), completion, shard -> {
            try {
                Owned owned = shard.owned(partition);
                shard.endReads().ask(owned, local, new EndReads.Read() {
                    @Override
                    public void answer() {
                        completion.complete(describe(shard, owned).build());
                    }

                    @Override
                    public void fail(Error why) {
                        completion.complete(
                                owned.isServed()
                                        ? describe(shard, owned)
                                                .setState(UNCONFIRMED + why.getMessage())
                                                .build()
                                        : PartitionReport.offline(partition, why.getMessage()));
                    }
                });
            } catch (StorageException e) {
                completion.complete(PartitionReport.offline(partition, e.getMessage()));
            }
        });
        return completion.stage();
    }

    private static PartitionDescription.Builder describe(Shard shard, Owned owned) {
        PartitionDescription.Builder described = PartitionReport.describe(owned.partition, shard.nowMs()).toBuilder();
        owned.home()
                .replica()
                .tellLags(
                        shard.now().monotonicMs(),
                        (node, votes, entries, behindMs) -> described.addFollowers(
                                FollowerLag.newBuilder().setNode(node).setEntries(entries)));
        return described;
    }

    @Override
    public CompletionStage<ClusterLags> lags(int node) {
        ReplicaLags all = new ReplicaLags();
        owners.gauges().forEach(owner -> all.add(owner.lags()));
        Completion<ClusterLags> completion = new Completion<>(answers);
        completion.complete(all.wire().build());
        return completion.stage();
    }

    @Override
    public CompletionStage<FindOffsetReply> findOffset(PartitionInfo partition, Anchor anchor, long value) {
        Completion<FindOffsetReply> completion = new Completion<>(answers);
        post(partition.partitionId(), completion, shard -> {
            try {
                Owned owned = shard.owned(partition);
                shard.endReads().ask(owned, false, new EndReads.Read() {
                    @Override
                    public void answer() throws StorageException, RequestFailedException {
                        completion.complete(OffsetFinder.find(owned.partition, anchor, value, shard.nowMs()));
                    }

                    @Override
                    public void fail(Error why) {
                        completion.fail(why);
                    }
                });
            } catch (StorageException e) {
                completion.fail(PartitionErrors.of(partition, e));
            }
        });
        return completion.stage();
    }

    @Override
    public CompletionStage<Long> position(PartitionInfo partition, int groupId) {
        return ask(partition, (shard, owned) -> owned.partition.position(groupId));
    }

    @Override
    public CompletionStage<PositionsSnapshot> positions(PartitionInfo partition) {
        return ask(partition, (shard, owned) -> owned.partition.positionsSnapshot());
    }

    @Override
    public CompletionStage<GroupPartition> groupPartition(PartitionInfo partition, int groupId) {
        return ask(partition, (shard, owned) -> PartitionReport.group(owned.partition, groupId, shard.nowMs()));
    }

    @Override
    public CompletionStage<@Nullable Void> commit(
            PartitionInfo partition, int groupId, CommitPosition position, long nowMs) {
        return change(partition, owned -> owned.partition.commit(groupId, position, nowMs));
    }

    @Override
    public CompletionStage<@Nullable Void> seek(
            PartitionInfo partition, int groupId, CommitPosition position, long nowMs) {
        return change(partition, owned -> owned.partition.seek(groupId, position, nowMs));
    }

    @Override
    public CompletionStage<@Nullable Void> forgetGroup(PartitionInfo partition, int groupId) {
        return change(partition, owned -> owned.partition.forget(groupId));
    }

    @Override
    public CompletionStage<QueuePartition> describeQueue(PartitionInfo partition, int groupId) {
        Completion<QueuePartition> completion = new Completion<>(answers);
        post(partition.partitionId(), completion, shard -> {
            try {
                Owned owned = shard.owned(partition);
                shard.endReads().ask(owned, false, new EndReads.Read() {
                    @Override
                    public void answer() {
                        describeQueue(shard, owned, groupId, completion, "");
                    }

                    @Override
                    public void fail(Error why) {
                        if (owned.isServed()) {
                            describeQueue(shard, owned, groupId, completion, UNCONFIRMED + why.getMessage());
                        } else {
                            completion.complete(offline(partition, why.getMessage()));
                        }
                    }
                });
            } catch (StorageException e) {
                completion.complete(offline(partition, e.getMessage()));
            }
        });
        return completion.stage();
    }

    /** @param state in place of what it is else; empty: what it is */
    private static void describeQueue(
            Shard shard, Owned owned, int groupId, Completion<QueuePartition> completion, String state) {
        try {
            QueuePartition.Builder described = new Reports(owned.desk(), shard.now()).describe(groupId).toBuilder();
            completion.complete(
                    state.isEmpty()
                            ? described.build()
                            : described.setState(state).build());
        } catch (StorageException e) {
            completion.complete(offline(owned.partition.info(), e.getMessage()));
        } catch (RequestFailedException e) {
            completion.fail(e.error());
        }
    }

    private static QueuePartition offline(PartitionInfo partition, @Nullable String why) {
        return QueuePartition.newBuilder()
                .setIndex(partition.index())
                .setPartitionId(partition.partitionId())
                .setState("offline: " + why)
                .build();
    }

    @Override
    public CompletionStage<Boolean> queueGroupsChanged(PartitionInfo partition) {
        return ask(partition, (shard, owned) -> true);
    }

    @Override
    public CompletionStage<@Nullable Void> delete(long partitionId) {
        Completion<@Nullable Void> completion = new Completion<>(answers);
        post(partitionId, completion, shard -> {
            try {
                shard.replicas().delete(partitionId);
                completion.complete(null);
            } catch (StorageException e) {
                completion.fail(
                        Errors.of(ErrorCode.ERROR_INTERNAL, "partition " + partitionId + ": " + e.getMessage()));
            }
        });
        return completion.stage();
    }

    @Override
    public void retain(PartitionInfo partition, TopicPolicy policy, long nowMs) {
        Completion<@Nullable Void> nobodyAsks = new Completion<>(Runnable::run);
        post(partition.partitionId(), nobodyAsks, shard -> shard.housekeeping().retain(partition, policy, nowMs));
    }

    @Override
    public void hibernateIdle(long nowMs) {
        for (int i = 0; i < owners.count(); i++) {
            Completion<@Nullable Void> nobodyAsks = new Completion<>(Runnable::run);
            post(i, nobodyAsks, shard -> shard.housekeeping().hibernateIdle(nowMs));
        }
    }

    private <T extends @Nullable Object> CompletionStage<T> ask(PartitionInfo info, Question<T> question) {
        Completion<T> completion = new Completion<>(answers);
        post(info.partitionId(), completion, shard -> {
            try {
                completion.complete(question.answer(shard, shard.owned(info)));
            } catch (StorageException e) {
                completion.fail(PartitionErrors.of(info, e));
            } catch (RequestFailedException e) {
                completion.fail(e.error());
            }
        });
        return completion.stage();
    }

    private CompletionStage<@Nullable Void> change(PartitionInfo info, Function<Owned, PendingGroupOp> operation) {
        Completion<@Nullable Void> completion = new Completion<>(answers);
        post(info.partitionId(), completion, shard -> {
            try {
                Owned owned = shard.owned(info);
                PendingGroupOp op = operation.apply(owned);
                Error refused = op.error();
                if (refused != null) {
                    refuseWhenSure(shard, owned, completion, refused);
                    return;
                }
                owned.park(new Parked.Op(op, completion));
                shard.appended(owned);
            } catch (StorageException e) {
                completion.fail(PartitionErrors.of(info, e));
            }
        });
        return completion.stage();
    }

    /** A position beyond the end may be one that a later leader has given. */
    private static void refuseWhenSure(Shard shard, Owned owned, Completion<?> completion, Error refused) {
        shard.endReads().ask(owned, false, new EndReads.Read() {
            @Override
            public void answer() {
                completion.fail(refused);
            }

            @Override
            public void fail(Error why) {
                completion.fail(why);
            }
        });
    }

    private void post(long partitionId, Completion<?> completion, Work work) {
        if (!owners.mailboxOf(partitionId).offer(new Call(completion, work))) {
            completion.fail(Errors.retryAfter(
                    ErrorCode.ERROR_OVERLOADED, "the owner of partition " + partitionId + " is overloaded", 20));
        }
    }

    private interface Question<T extends @Nullable Object> {
        T answer(Shard shard, Owned owned) throws StorageException, RequestFailedException;
    }

    private interface Work {
        void on(Shard shard);
    }

    private record Call(Completion<?> completion, Work work) implements Task {
        @Override
        public void run(Shard shard) {
            work.on(shard);
        }

        @Override
        public void refuse(Error why) {
            completion.fail(why);
        }
    }
}
