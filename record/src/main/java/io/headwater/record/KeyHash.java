package io.headwater.record;

import java.nio.ByteBuffer;

/**
 * Kafka's default partitioner: murmur2 (Austin Appleby, public domain) over the key's bytes with Kafka's seed, sign bit
 * cleared, modulo the partition count. Clients of either protocol therefore agree where a key lives.
 */
public final class KeyHash {
    private static final int SEED = 0x9747b28c;
    private static final int M = 0x5bd1e995;
    private static final int R = 24;
    private static final long M64 = 0xc6a4a7935bd1e995L;
    private static final int R64 = 47;

    private KeyHash() {}

    /** @param partitions how many the topic has, at least 1 */
    public static int partitionFor(byte[] key, int partitions) {
        return (murmur2(key) & 0x7fffffff) % partitions;
    }

    /**
     * 64 bits of a key, for the order of keyed groups. Never stored and never sent: it may change with the version.
     *
     * @param buffer big endian
     */
    public static long identityOf(ByteBuffer buffer, int position, int length) {
        long h = length * M64;
        int at = position;
        int end = position + length;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            h = mix(h, buffer.getLong(at));
        }
        long rest = 0;
        for (; at < end; at++) {
            rest = rest << Byte.SIZE | (buffer.get(at) & 0xff);
        }
        return identityOf(mix(h, rest));
    }

    /** The same of a number. */
    public static long identityOf(long number) {
        long h = (number ^ number >>> R64) * M64;
        return h ^ h >>> R64;
    }

    private static long mix(long h, long block) {
        long k = block * M64;
        return (h ^ (k ^ k >>> R64) * M64) * M64;
    }

    public static int murmur2(byte[] key) {
        int length = key.length;
        int h = SEED ^ length;
        int at = 0;
        for (; at + 4 <= length; at += 4) {
            int k = LittleEndian.getInt(key, at);
            k *= M;
            k ^= k >>> R;
            k *= M;
            h *= M;
            h ^= k;
        }
        int left = length - at;
        if (left > 0) {
            if (left == 3) {
                h ^= (key[at + 2] & 0xff) << 16;
            }
            if (left >= 2) {
                h ^= (key[at + 1] & 0xff) << 8;
            }
            h ^= key[at] & 0xff;
            h *= M;
        }
        h ^= h >>> 13;
        h *= M;
        h ^= h >>> 15;
        return h;
    }
}
