package io.headwater.broker.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.Partitions.PositionsSnapshot;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.peer.wire.GroupPosition;
import io.headwater.broker.peer.wire.PartitionAnswer;
import io.headwater.broker.peer.wire.PartitionQuestion;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The other end of {@link RemotePartitions}: what other brokers ask of partitions that this one leads. Any thread. */
public final class PartitionAnswers {
    private final Partitions local;
    private final Supplier<MetadataImage> metadata;
    private final int self;

    /**
     * @param local of this broker alone; may complete on any thread
     * @param self this broker's node id
     */
    public PartitionAnswers(Partitions local, Supplier<MetadataImage> metadata, int self) {
        this.local = local;
        this.metadata = metadata;
        this.self = self;
    }

    /** @param answer takes the answer, from any thread, some time later */
    public void asked(PartitionQuestion question, Consumer<PeerMessage> answer) {
        if (question.getKind() == PartitionQuestion.Kind.LAGS) {
            answer(local.lags(self).thenApply(PartitionAnswers::wrapped), answer);
            return;
        }
        PartitionInfo partition = metadata.get().partition(question.getPartitionId());
        if (partition == null) {
            answer.accept(failed(PartitionErrors.unknownPartition(question.getPartitionId())));
            return;
        }
        CompletionStage<PartitionAnswer> answered;
        try {
            answered = answer(partition, question);
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            answer.accept(failed(Errors.of(ErrorCode.ERROR_INVALID_REQUEST, String.valueOf(e.getMessage()))));
            return;
        }
        answer(answered, answer);
    }

    private static void answer(CompletionStage<PartitionAnswer> answered, Consumer<PeerMessage> answer) {
        answered.whenComplete(
                (result, failure) -> answer.accept(failure == null ? message(result) : failed(error(failure))));
    }

    private CompletionStage<PartitionAnswer> answer(PartitionInfo partition, PartitionQuestion question)
            throws InvalidProtocolBufferException {
        int group = question.getGroupId();
        return switch (question.getKind()) {
            case DESCRIBE -> local.describe(partition, question.getLocal()).thenApply(PartitionAnswers::wrapped);
            case FIND_OFFSET -> {
                FindOffset wanted = FindOffset.parseFrom(question.getMessage());
                yield local.findOffset(partition, wanted.getAnchor(), wanted.getValue())
                        .thenApply(PartitionAnswers::wrapped);
            }
            case COMMIT ->
                done(local.commit(
                        partition, group, CommitPosition.parseFrom(question.getMessage()), question.getNowMs()));
            case SEEK ->
                done(local.seek(
                        partition, group, CommitPosition.parseFrom(question.getMessage()), question.getNowMs()));
            case FORGET_GROUP -> done(local.forgetGroup(partition, group));
            case POSITION ->
                local.position(partition, group)
                        .thenApply(offset ->
                                PartitionAnswer.newBuilder().setNumber(offset).build());
            case POSITIONS -> local.positions(partition).thenApply(PartitionAnswers::wire);
            case GROUP_PARTITION -> local.groupPartition(partition, group).thenApply(PartitionAnswers::wrapped);
            case DESCRIBE_QUEUE -> local.describeQueue(partition, group).thenApply(PartitionAnswers::wrapped);
            case LAGS, UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("question: " + question.getKindValue() + " (expected: a known one)");
        };
    }

    private static CompletionStage<PartitionAnswer> done(CompletionStage<?> change) {
        return change.thenApply(nothing -> PartitionAnswer.getDefaultInstance());
    }

    private static PartitionAnswer wrapped(MessageLite message) {
        return PartitionAnswer.newBuilder().setMessage(message.toByteString()).build();
    }

    private static PartitionAnswer wire(PositionsSnapshot snapshot) {
        PartitionAnswer.Builder answer = PartitionAnswer.newBuilder().setNumber(snapshot.endIndex());
        for (PositionsSnapshot.Committed one : snapshot.positions()) {
            answer.addPositions(GroupPosition.newBuilder()
                    .setGroupId(one.groupId())
                    .setOffset(one.offset())
                    .setCommittedMs(one.committedMs()));
        }
        return answer.build();
    }

    static PositionsSnapshot snapshot(PartitionAnswer answer) {
        return new PositionsSnapshot(
                answer.getNumber(),
                answer.getPositionsList().stream()
                        .map(one -> new PositionsSnapshot.Committed(
                                one.getGroupId(), one.getOffset(), one.getCommittedMs()))
                        .toList());
    }

    private static PeerMessage message(PartitionAnswer answer) {
        return PeerMessage.newBuilder().setPartitionAnswer(answer).build();
    }

    private static PeerMessage failed(Error error) {
        ByteString bytes = error.toByteString();
        return message(PartitionAnswer.newBuilder().setError(bytes).build());
    }

    private static Error error(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof RequestFailedException known
                ? known.error()
                : Errors.of(ErrorCode.ERROR_INTERNAL, String.valueOf(cause.getMessage()));
    }
}
