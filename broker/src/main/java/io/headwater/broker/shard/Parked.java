package io.headwater.broker.shard;

import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.PendingGroupOp;
import io.headwater.broker.stream.ProduceHandler;
import io.headwater.broker.stream.ProduceRequest;
import io.headwater.broker.work.Departure;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ProduceResult;
import org.jspecify.annotations.Nullable;

/** A reply that waits for its entries to be durable. */
interface Parked {
    /** It leaves when all entries below this index are durable. */
    long durableAtIndex();

    void durable(Shard shard);

    void failed(Shard shard, Error error);

    /** One batch's result. */
    record Append(long durableAtIndex, ProduceRequest request, int slot, ProduceResult result, LocalReplica home)
            implements Parked {
        @Override
        public void durable(Shard shard) {
            AckLevel reached = home.reached(result.getLevel(), durableAtIndex);
            boolean asNamed = reached == result.getLevel();
            shard.complete(
                    request,
                    slot,
                    asNamed ? result : result.toBuilder().setLevel(reached).build());
        }

        @Override
        public void failed(Shard shard, Error error) {
            shard.complete(request, slot, ProduceHandler.failed(error));
        }
    }

    /** A delivery, or the answer to what a consumer or operator of a queue group said. */
    record Leaving(long durableAtIndex, Departure departure) implements Parked {
        @Override
        public void durable(Shard shard) {
            departure.leave();
            touch(shard);
        }

        @Override
        public void failed(Shard shard, Error error) {
            departure.failed(error);
            touch(shard);
        }

        private void touch(Shard shard) {
            Connection to = departure.connection();
            if (to != null) {
                shard.touch(to);
            }
        }
    }

    /** An operation on a group's position. */
    record Op(PendingGroupOp op, Completion<@Nullable Void> completion) implements Parked {
        @Override
        public long durableAtIndex() {
            return op.durableAtIndex();
        }

        @Override
        public void durable(Shard shard) {
            op.durable();
            completion.complete(null);
        }

        @Override
        public void failed(Shard shard, Error error) {
            completion.fail(error);
        }
    }
}
