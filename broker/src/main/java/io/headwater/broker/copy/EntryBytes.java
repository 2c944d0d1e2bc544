package io.headwater.broker.copy;

import io.headwater.broker.replica.Entries;
import io.headwater.broker.replica.EpochStart;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Entries as they stand in a log.
 *
 * @param content position to limit; nobody changes it
 */
public record EntryBytes(long fromIndex, long endIndex, ByteBuffer content, List<EpochStart> epochs)
        implements Entries {
    public EntryBytes {
        epochs = List.copyOf(epochs);
    }

    @Override
    public int bytes() {
        return content.remaining();
    }
}
