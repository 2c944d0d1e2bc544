package io.headwater.broker.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.partition.NotLeaderException;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.PartitionAnswer;
import io.headwater.broker.peer.wire.PartitionQuestion;
import io.headwater.broker.peer.wire.PartitionQuestion.Kind;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.QueuePartition;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All partitions of a cluster: those that this broker leads are asked here, the others where they are led. */
public final class RemotePartitions implements Partitions {
    private static final long TIMEOUT_MS = 5_000;
    /** Somebody looks at a screen, and the rest of it is known. */
    private static final long LAGS_TIMEOUT_MS = 1_000;

    private final Partitions local;
    private final Peers peers;
    private final Supplier<MetadataImage> metadata;
    private final int self;
    private final Executor answers;

    /**
     * @param local completes on {@code answers} as well
     * @param self this broker's node id
     */
    public RemotePartitions(
            Partitions local, Peers peers, Supplier<MetadataImage> metadata, int self, Executor answers) {
        this.local = local;
        this.peers = peers;
        this.metadata = metadata;
        this.self = self;
        this.answers = answers;
    }

    @Override
    public CompletionStage<PartitionDescription> describe(PartitionInfo partition, boolean asBelieved) {
        if (isHere(partition)) {
            return local.describe(partition, asBelieved);
        }
        return ask(partition, question(partition, Kind.DESCRIBE).setLocal(asBelieved))
                .thenCompose(answer -> parsed(answer, PartitionDescription.parser()))
                .exceptionally(failure -> PartitionDescription.newBuilder()
                        .setIndex(partition.index())
                        .setPartitionId(partition.partitionId())
                        .setState("offline: " + reason(failure))
                        .build());
    }

    @Override
    public CompletionStage<ClusterLags> lags(int node) {
        return node == self
                ? local.lags(node)
                : ask(node, "lags", PartitionQuestion.newBuilder().setKind(Kind.LAGS), LAGS_TIMEOUT_MS)
                        .thenCompose(answer -> parsed(answer, ClusterLags.parser()));
    }

    @Override
    public CompletionStage<FindOffsetReply> findOffset(PartitionInfo partition, Anchor anchor, long value) {
        if (isHere(partition)) {
            return local.findOffset(partition, anchor, value);
        }
        FindOffset wanted = FindOffset.newBuilder()
                .setPartitionId(partition.partitionId())
                .setAnchor(anchor)
                .setValue(value)
                .build();
        return ask(partition, question(partition, Kind.FIND_OFFSET).setMessage(wanted.toByteString()))
                .thenCompose(answer -> parsed(answer, FindOffsetReply.parser()));
    }

    @Override
    public CompletionStage<@Nullable Void> commit(
            PartitionInfo partition, int groupId, CommitPosition position, long nowMs) {
        return isHere(partition)
                ? local.commit(partition, groupId, position, nowMs)
                : change(partition, Kind.COMMIT, groupId, position.toByteString(), nowMs);
    }

    @Override
    public CompletionStage<@Nullable Void> seek(
            PartitionInfo partition, int groupId, CommitPosition position, long nowMs) {
        return isHere(partition)
                ? local.seek(partition, groupId, position, nowMs)
                : change(partition, Kind.SEEK, groupId, position.toByteString(), nowMs);
    }

    @Override
    public CompletionStage<@Nullable Void> forgetGroup(PartitionInfo partition, int groupId) {
        return isHere(partition)
                ? local.forgetGroup(partition, groupId)
                : change(partition, Kind.FORGET_GROUP, groupId, ByteString.EMPTY, 0);
    }

    private CompletionStage<@Nullable Void> change(
            PartitionInfo partition, Kind kind, int groupId, ByteString message, long nowMs) {
        return ask(
                        partition,
                        question(partition, kind)
                                .setGroupId(groupId)
                                .setMessage(message)
                                .setNowMs(nowMs))
                .thenApply(answer -> null);
    }

    @Override
    public CompletionStage<Long> position(PartitionInfo partition, int groupId) {
        return isHere(partition)
                ? local.position(partition, groupId)
                : ask(partition, question(partition, Kind.POSITION).setGroupId(groupId))
                        .thenApply(PartitionAnswer::getNumber);
    }

    @Override
    public CompletionStage<PositionsSnapshot> positions(PartitionInfo partition) {
        if (isHere(partition)) {
            return local.positions(partition);
        }
        return ask(partition, question(partition, Kind.POSITIONS)).thenApply(PartitionAnswers::snapshot);
    }

    @Override
    public CompletionStage<GroupPartition> groupPartition(PartitionInfo partition, int groupId) {
        return isHere(partition)
                ? local.groupPartition(partition, groupId)
                : ask(partition, question(partition, Kind.GROUP_PARTITION).setGroupId(groupId))
                        .thenCompose(answer -> parsed(answer, GroupPartition.parser()));
    }

    @Override
    public CompletionStage<QueuePartition> describeQueue(PartitionInfo partition, int groupId) {
        if (isHere(partition)) {
            return local.describeQueue(partition, groupId);
        }
        return ask(partition, question(partition, Kind.DESCRIBE_QUEUE).setGroupId(groupId))
                .thenCompose(answer -> parsed(answer, QueuePartition.parser()))
                .exceptionally(failure -> QueuePartition.newBuilder()
                        .setIndex(partition.index())
                        .setPartitionId(partition.partitionId())
                        .setState("offline: " + reason(failure))
                        .build());
    }

    /** Others hear of it from the metadata. */
    @Override
    public CompletionStage<Boolean> queueGroupsChanged(PartitionInfo partition) {
        return isHere(partition) ? local.queueGroupsChanged(partition) : CompletableFuture.completedStage(true);
    }

    /** Others hear of it from the metadata. */
    @Override
    public CompletionStage<@Nullable Void> delete(long partitionId) {
        return local.delete(partitionId);
    }

    @Override
    public void retain(PartitionInfo partition, TopicPolicy policy, long nowMs) {
        if (isHere(partition)) {
            local.retain(partition, policy, nowMs);
        }
    }

    @Override
    public void hibernateIdle(long nowMs) {
        local.hibernateIdle(nowMs);
    }

    private boolean isHere(PartitionInfo partition) {
        return leaderOf(partition) == self;
    }

    /** 0: nobody. */
    private int leaderOf(PartitionInfo partition) {
        PartitionInfo newest = metadata.get().partition(partition.partitionId());
        Leader leader = newest == null ? null : newest.leader();
        return leader == null ? 0 : leader.nodeId();
    }

    private static PartitionQuestion.Builder question(PartitionInfo partition, Kind kind) {
        return PartitionQuestion.newBuilder()
                .setPartitionId(partition.partitionId())
                .setKind(kind);
    }

    /** Completes on the executor for answers. */
    private CompletionStage<PartitionAnswer> ask(PartitionInfo partition, PartitionQuestion.Builder question) {
        int leader = leaderOf(partition);
        if (leader == 0) {
            return CompletableFuture.failedStage(new RequestFailedException(
                    PartitionErrors.of(partition, NotLeaderException.of(metadata.get(), partition, self))));
        }
        return ask(leader, "partition " + partition.displayName(), question, TIMEOUT_MS);
    }

    private CompletionStage<PartitionAnswer> ask(
            int leader, String about, PartitionQuestion.Builder question, long timeoutMs) {
        PeerMessage message =
                PeerMessage.newBuilder().setPartitionQuestion(question).build();
        CompletableFuture<PartitionAnswer> answered = new CompletableFuture<>();
        peers.ask(leader, message, List.of(), timeoutMs)
                .whenComplete((answer, failure) -> answers.execute(() -> {
                    if (failure != null) {
                        answered.completeExceptionally(new RequestFailedException(Errors.of(
                                ErrorCode.ERROR_TIMEOUT,
                                about + ": node " + leader + ", which leads it, did not answer: "
                                        + failure.getMessage())));
                    } else {
                        complete(answered, answer);
                    }
                }));
        return answered.minimalCompletionStage();
    }

    private static void complete(CompletableFuture<PartitionAnswer> answered, PeerMessage message) {
        PartitionAnswer answer = message.getPartitionAnswer();
        if (answer.getError().isEmpty() && message.getFailure().isEmpty()) {
            answered.complete(answer);
            return;
        }
        try {
            answered.completeExceptionally(new RequestFailedException(
                    answer.getError().isEmpty()
                            ? Errors.of(ErrorCode.ERROR_TIMEOUT, message.getFailure())
                            : Error.parseFrom(answer.getError())));
        } catch (InvalidProtocolBufferException e) {
            answered.completeExceptionally(unreadable(e));
        }
    }

    private static <M> CompletionStage<M> parsed(PartitionAnswer answer, Parser<M> parser) {
        try {
            return CompletableFuture.completedStage(parser.parseFrom(answer.getMessage()));
        } catch (InvalidProtocolBufferException e) {
            return CompletableFuture.failedStage(unreadable(e));
        }
    }

    private static RequestFailedException unreadable(InvalidProtocolBufferException e) {
        return new RequestFailedException(
                Errors.of(ErrorCode.ERROR_INTERNAL, "another broker's answer cannot be read: " + e.getMessage()));
    }

    private static @Nullable String reason(Throwable failure) {
        Throwable cause = failure.getCause();
        return (cause == null ? failure : cause).getMessage();
    }
}
