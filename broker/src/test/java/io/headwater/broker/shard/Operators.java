package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.headwater.broker.net.KeptReplies;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.Shipment;
import io.headwater.broker.work.Answer;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.protocol.wire.RecordState;
import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Who moves records by hand, and what was answered. */
final class Operators {
    private static final List<RecordState> STATES =
            List.of(RecordState.RECORD_READY, RecordState.RECORD_WAITING, RecordState.RECORD_DEAD);

    private final SplittableRandom random;
    private final KeptReplies replies = new KeptReplies();
    /** Records of which somebody was told that they have arrived. */
    final Set<String> confirmed = new HashSet<>();

    int moved;
    int refused;
    int undecided;

    Operators(SplittableRandom random) {
        this.random = random;
    }

    /** What stands at an offset. */
    interface Values {
        String at(long offset) throws StorageException;
    }

    /** A page of some records; the owner's turn is the caller's. */
    void move(Shard shard, Owned owned, QueueEngine engine, String to, Values values) throws StorageException {
        QueueOperate.Builder request = QueueOperate.newBuilder()
                .setFromOffset(random.nextInt(3) == 0 ? random.nextInt(20) : 0)
                .setMax(random.nextInt(12))
                .addStates(STATES.get(random.nextInt(STATES.size())))
                .addStates(STATES.get(random.nextInt(STATES.size())));
        ask(shard, owned, engine, request, to, values);
    }

    /** What is ready; false: he is told to come back. */
    boolean moveReady(Shard shard, Owned owned, QueueEngine engine, String to, Values values) throws StorageException {
        QueueOperate.Builder request = QueueOperate.newBuilder().addStates(RecordState.RECORD_READY);
        return ask(shard, owned, engine, request, to, values);
    }

    private boolean ask(
            Shard shard, Owned owned, QueueEngine engine, QueueOperate.Builder request, String to, Values values)
            throws StorageException {
        request.setPartitionId(owned.partition.info().partitionId())
                .setGroupId(engine.groupId())
                .setOperation(QueueOperation.QUEUE_MOVE)
                .setUntilOffset(-1)
                .setToTopic(to);
        Shipment before = engine.shipment();
        List<String> asked = new ArrayList<>();
        int id = replies.expect(message -> answered(asked, message));
        try {
            owned.desk().operate(request.build(), shard.now(), new Answer<>(replies, id, FrameType.QUEUE_OPERATE));
        } catch (RequestFailedException e) {
            // Another batch is under way, or the topic is not there.
            return false;
        }
        Shipment shipment = engine.shipment();
        if (shipment != null && shipment != before) {
            for (long offset : shipment.offsets()) {
                asked.add(values.at(offset));
            }
        }
        return true;
    }

    private void answered(List<String> values, MessageLite message) {
        if (message instanceof QueueOperateReply reply) {
            assertTrue(reply.getRecords() == values.size(), reply + " of " + values);
            confirmed.addAll(values);
            moved += values.size();
        } else if (((Error) message).getUnknownOutcome()) {
            undecided++;
        } else {
            refused++;
        }
    }
}
