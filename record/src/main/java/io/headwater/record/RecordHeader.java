package io.headwater.record;

import org.jspecify.annotations.Nullable;

/** One header of a record: a name and bytes, which may be absent. The array is shared, not copied. */
@SuppressWarnings("ArrayRecordComponent")
public record RecordHeader(String name, byte @Nullable [] value) {}
