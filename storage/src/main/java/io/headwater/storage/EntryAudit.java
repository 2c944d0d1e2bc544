package io.headwater.storage;

import io.headwater.record.Envelope;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Looks at what the entries of logs mean, while others read them in search of damage. */
@FunctionalInterface
public interface EntryAudit {
    /** Finds nothing. */
    EntryAudit NONE = (partitionId, envelope, payload) -> null;

    /** The bytes of an entry, for who wants them. */
    @FunctionalInterface
    interface Payload {
        /** The batch header of a DATA entry, the whole payload of any other; lent until the next entry. */
        ByteBuffer read() throws IOException;
    }

    /**
     * One entry, its checksum verified. The entries of a log come in their order, one log after the other; where one does not
     * follow the one before by its index, nothing is known of what lies between.
     *
     * @param envelope borrowed: wrapped anew for the next entry
     * @return what is wrong with what the entries say up to here, for a person; null: nothing
     */
    @Nullable
    String next(long partitionId, Envelope envelope, Payload payload) throws IOException;
}
