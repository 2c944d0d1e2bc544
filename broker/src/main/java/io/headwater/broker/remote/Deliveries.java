package io.headwater.broker.remote;

import com.google.protobuf.InvalidProtocolBufferException;
import io.headwater.broker.peer.wire.Copies;
import io.headwater.broker.peer.wire.CopiesAnswer;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.work.LetterBox.Delivery;
import io.headwater.broker.work.LetterBox.Fate;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;

/** Records that a queue group moves to a partition of another broker, as messages and back. */
public final class Deliveries {
    private Deliveries() {}

    /** The batch is attached. */
    static PeerMessage question(long partitionId) {
        return PeerMessage.newBuilder()
                .setCopies(Copies.newBuilder().setPartitionId(partitionId))
                .build();
    }

    public static PeerMessage answer(Delivery delivery) {
        return PeerMessage.newBuilder()
                .setCopiesAnswer(CopiesAnswer.newBuilder()
                        .setArrived(delivery.fate() == Fate.ARRIVED)
                        .setRefused(delivery.fate() == Fate.REFUSED)
                        .setError(delivery.error().toByteString()))
                .build();
    }

    static Delivery delivery(PeerMessage answer) {
        CopiesAnswer copies = answer.getCopiesAnswer();
        if (!answer.hasCopiesAnswer()) {
            return unknown(answer.getFailure());
        }
        try {
            Fate fate = copies.getArrived() ? Fate.ARRIVED : copies.getRefused() ? Fate.REFUSED : Fate.UNKNOWN;
            return new Delivery(fate, Error.parseFrom(copies.getError()));
        } catch (InvalidProtocolBufferException e) {
            return unknown("an answer that cannot be read: " + e.getMessage());
        }
    }

    static Delivery unknown(String problem) {
        return new Delivery(Fate.UNKNOWN, Errors.of(ErrorCode.ERROR_MOVE_UNDECIDED, problem));
    }
}
