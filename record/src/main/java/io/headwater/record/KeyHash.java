package io.headwater.record;

/** Kafka's default partitioner: murmur2 over the key's bytes, sign bit cleared, modulo the partition count. */
public final class KeyHash {
    private KeyHash() {}

    public static int partitionFor(byte[] key, int partitions) {
        throw new UnsupportedOperationException();
    }
}
