package io.headwater.broker.work;

import io.headwater.broker.metadata.MetadataImage;
import java.nio.ByteBuffer;

/** Nothing is sent to other topics. */
final class NoLetters implements LetterBox {
    @Override
    public MetadataImage metadata() {
        return MetadataImage.empty("c");
    }

    @Override
    public int maxRecordBytes() {
        return 1 << 20;
    }

    @Override
    public void send(long partitionId, ByteBuffer batch, Receipt receipt) {
        throw new AssertionError("sent to " + partitionId);
    }
}
