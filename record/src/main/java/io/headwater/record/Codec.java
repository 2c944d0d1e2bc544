package io.headwater.record;

/** One way to compress the records of a batch, framed as Kafka frames it. Stateless, any thread. */
interface Codec {
    /** How much room {@link #compress} needs at most. */
    int maxCompressedLength(int length);

    /** Compresses the first {@code length} bytes of {@code from} to the start of {@code to}; returns how many it made. */
    int compress(byte[] from, int length, byte[] to);

    /** Decompresses, trusting nothing: whatever the bytes say, memory stays within {@code to}'s bound. */
    void decompress(byte[] from, int offset, int length, Inflated to) throws InvalidBatchException;
}
