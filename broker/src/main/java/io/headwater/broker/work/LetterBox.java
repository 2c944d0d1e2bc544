package io.headwater.broker.work;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.queue.Now;
import io.headwater.protocol.wire.Error;
import java.nio.ByteBuffer;

/** How records that a desk moves reach a partition of another owner. */
public interface LetterBox {
    /** As it is now. */
    MetadataImage metadata();

    /** The largest batch that holds one record. */
    int maxRecordBytes();

    /**
     * Has a batch of an {@link io.headwater.broker.partition.InternalProducer} appended to a partition.
     *
     * @param batch taken
     * @param receipt hears exactly once, later, on the thread of the desk's owner, unless the desk's partition is gone then
     */
    void send(long partitionId, ByteBuffer batch, Receipt receipt);

    /** Whoever sent it hears what became of it. */
    @FunctionalInterface
    interface Receipt {
        void of(Delivery delivery, Now now);
    }

    /**
     * What became of a batch.
     *
     * @param fate what is certain
     * @param error why it is not there, or not known to be; ARRIVED: none
     */
    record Delivery(Fate fate, Error error) {
        /** For people. */
        String problem() {
            return error.getMessage();
        }
    }

    /** What is certain of a batch that was sent. */
    enum Fate {
        /** It is there, durably, by this attempt or one before. */
        ARRIVED,
        /** It is not there, by no attempt, and will not be. */
        REFUSED,
        /** Perhaps it is there: the same batch has to be sent again. */
        UNKNOWN
    }
}
