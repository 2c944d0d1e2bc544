package io.headwater.broker.metadata;

import io.headwater.protocol.wire.ErrorCode;

/** What became of a proposed command, once that is certain. */
public sealed interface Outcome {
    /**
     * The command stands in the log, durably, and took effect.
     *
     * @param index its index in the metadata log
     * @param image the picture right after it
     * @param firstId of a block of producer ids: its first; otherwise 0
     */
    record Committed(long index, MetadataImage image, long firstId) implements Outcome {}

    /**
     * The command had no effect and never will: the picture it met did not allow it.
     *
     * @param message for a person: what was wrong and what was expected
     */
    record Refused(ErrorCode code, String message) implements Outcome {}
}
