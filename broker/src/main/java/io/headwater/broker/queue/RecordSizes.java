package io.headwater.broker.queue;

/** How many bytes of a consumer's credit a record takes. The caller knows the entries; an estimate is enough. */
@FunctionalInterface
public interface RecordSizes {
    int bytesOf(long offset);
}
