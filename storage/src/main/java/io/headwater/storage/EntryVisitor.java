package io.headwater.storage;

import io.headwater.record.Envelope;
import java.nio.ByteBuffer;

/** Sees the entries of a log in their order. */
@FunctionalInterface
public interface EntryVisitor {
    /**
     * One entry, its checksum verified.
     *
     * @param envelope borrowed: wrapped anew for the next entry
     * @param payload borrowed, from position to limit: the 61-byte batch header of a DATA entry (not its records), the
     *     whole payload of any other
     */
    void visit(Envelope envelope, ByteBuffer payload);
}
