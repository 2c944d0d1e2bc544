package io.headwater.client;

import io.headwater.record.RecordHeader;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A record as read. Immutable; safe to keep, though it keeps the batch that it came in alive. */
public interface ConsumedRecord {
    String topic();

    int partition();

    long offset();

    long eventTimeMs();

    long ingestionTimeMs();

    /** A copy. */
    byte @Nullable [] key();

    /** A copy. */
    byte @Nullable [] value();

    /** A read-only view without a copy. */
    @Nullable
    ByteBuffer keyView();

    /** A read-only view without a copy. */
    @Nullable
    ByteBuffer valueView();

    List<RecordHeader> headers();
}
