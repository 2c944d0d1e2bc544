package io.headwater.broker.partition;

import io.headwater.storage.LogSlice;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;

/**
 * Where an owner puts what it reads of the logs of all its partitions, of one after the other: whoever reads keeps nothing of
 * it. An entry that is larger gets memory of its own, which nobody keeps either.
 */
public final class ReadBuffer {
    private final ByteBuffer bytes;

    public ReadBuffer(int size) {
        this.bytes = ByteBuffer.allocate(size);
    }

    /** The entries of a slice, until the next. */
    public ByteBuffer read(LogSlice slice) throws StorageException {
        int size = slice.sizeInBytes();
        ByteBuffer target = size <= bytes.capacity() ? bytes.clear() : ByteBuffer.allocate(size);
        slice.copyTo(target);
        return target.flip();
    }
}
