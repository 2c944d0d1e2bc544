package io.headwater.broker.shard;

import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.protocol.wire.Error;
import io.headwater.storage.LogStart;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What other brokers, the controller and the metadata want from the replicas of an owner. */
final class ReplicaTasks {
    private ReplicaTasks() {}

    /** Lost where the owner has ended: whoever sent it says it again. */
    private interface Unanswered extends Task {
        @Override
        default void refuse(Error why) {}
    }

    /** @param start of the sender's log */
    record Received(long partitionId, LogStart start, ReplicaMessage message) implements Unanswered {
        @Override
        public void run(Shard shard) {
            shard.replicas().receive(partitionId, start, message);
        }
    }

    record SegmentWanted(SegmentQuestion question, Consumer<SegmentAnswer> back) implements Task {
        @Override
        public void run(Shard shard) {
            shard.replicas().copying.answer(question, back, shard.monotonicMs());
        }

        @Override
        public void refuse(Error why) {
            back.accept(new SegmentAnswer.Failed(why.getMessage()));
        }
    }

    record SealRequest(int controllerNode, long partitionId, int epoch) implements Unanswered {
        @Override
        public void run(Shard shard) {
            shard.replicas().seal(controllerNode, partitionId, epoch);
        }
    }

    record TransferRequest(long partitionId, int epoch, int to) implements Unanswered {
        @Override
        public void run(Shard shard) {
            shard.replicas().transfer(partitionId, epoch, to);
        }
    }

    /** @param done told when nothing is led here any more that others have copies of */
    record HandOver(CompletableFuture<Void> done) implements Task {
        @Override
        public void run(Shard shard) {
            shard.replicas().handOver(() -> done.complete(null));
        }

        @Override
        public void refuse(Error why) {
            done.complete(null);
        }
    }

    record Disconnected(int node) implements Unanswered {
        @Override
        public void run(Shard shard) {
            shard.replicas().disconnected(node);
        }
    }

    /** Lost with the owner, it is found again in the next round. */
    record Suspected(long partitionId, long baseIndex, long position) implements Unanswered {
        @Override
        public void run(Shard shard) {
            shard.replicas().recheck(partitionId, baseIndex, position);
        }
    }

    record MetadataChanged() implements Unanswered {
        @Override
        public void run(Shard shard) {
            shard.replicas().followMetadata();
        }
    }
}
