package io.headwater.broker.copy;

import io.headwater.storage.SegmentManifest;
import java.nio.ByteBuffer;

/** What another copy says to a {@link SegmentQuestion}. */
public sealed interface SegmentAnswer {
    /**
     * Some bytes of it.
     *
     * @param position of the first one, in the file
     * @param bytes position to limit
     */
    record Part(SegmentManifest segment, long position, ByteBuffer bytes) implements SegmentAnswer {}

    /** No segment begins there that can be given: what comes next is not sealed, or not committed, as far as it knows. */
    record None() implements SegmentAnswer {}

    /** Retention has removed it. */
    record Gone() implements SegmentAnswer {}

    /** It has given enough at this moment: ask again. */
    record Later(long inMs) implements SegmentAnswer {}

    /** It cannot say, or there was no answer. */
    record Failed(String why) implements SegmentAnswer {}
}
