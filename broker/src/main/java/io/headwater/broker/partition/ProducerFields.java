package io.headwater.broker.partition;

import io.headwater.record.BatchLayout;
import java.nio.ByteBuffer;

/** Who wrote a batch, read from its 61-byte header alone. */
record ProducerFields(long producerId, short epoch, int baseSequence) {
    /** Borrows the header: from its position on. */
    static ProducerFields of(ByteBuffer header) {
        int at = header.position();
        return new ProducerFields(
                header.getLong(at + BatchLayout.PRODUCER_ID),
                header.getShort(at + BatchLayout.PRODUCER_EPOCH),
                header.getInt(at + BatchLayout.BASE_SEQUENCE));
    }
}
