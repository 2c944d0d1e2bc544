package io.headwater.record;

import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/**
 * The LZ4 frame format 1.6 as Kafka writes it: independent blocks of at most 64 KiB, no checksums but the header's. All
 * little endian.
 *
 * <pre>
 *  magic 0x184D2204 | FLG | BD | [content size u64] | HC | { block size u32, bit 31: stored | data | [xxh32] }* | 0 u32 | [xxh32]
 * </pre>
 *
 * Reading takes all block sizes and checks whatever checksums are there; like Kafka it refuses linked blocks and
 * dictionaries.
 */
final class Lz4Codec implements Codec {
    private static final int MAGIC = 0x184D2204;
    private static final int VERSION = 0x40;
    private static final int VERSION_MASK = 0xc0;
    private static final int INDEPENDENT_BLOCKS = 0x20;
    private static final int BLOCK_CHECKSUM = 0x10;
    private static final int CONTENT_SIZE = 0x08;
    private static final int CONTENT_CHECKSUM = 0x04;
    private static final int UNSUPPORTED = 0x03;
    private static final int STORED = 0x8000_0000;

    private static final int BLOCK_BYTES = 64 << 10;
    private static final int BLOCK_SIZE_CODE = 4;
    private static final int HEADER_SIZE = 7;

    private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
    private final LZ4SafeDecompressor decompressor =
            LZ4Factory.fastestInstance().safeDecompressor();
    private final XXHash32 xxhash = XXHashFactory.fastestJavaInstance().hash32();

    @Override
    public int maxCompressedLength(int length) {
        int blocks = length / BLOCK_BYTES + 1;
        return Math.addExact(HEADER_SIZE + 4 * blocks + 4 + compressor.maxCompressedLength(BLOCK_BYTES), length);
    }

    @Override
    public int compress(byte[] from, int length, byte[] to) {
        LittleEndian.putInt(to, 0, MAGIC);
        to[4] = VERSION | INDEPENDENT_BLOCKS;
        to[5] = BLOCK_SIZE_CODE << 4;
        to[6] = headerChecksum(to, 4, 2);
        int at = HEADER_SIZE;
        for (int done = 0; done < length; done += BLOCK_BYTES) {
            int block = Math.min(BLOCK_BYTES, length - done);
            int size = compressor.compress(from, done, block, to, at + 4);
            if (size < block) {
                LittleEndian.putInt(to, at, size);
            } else {
                size = block;
                System.arraycopy(from, done, to, at + 4, size);
                LittleEndian.putInt(to, at, size | STORED);
            }
            at += 4 + size;
        }
        LittleEndian.putInt(to, at, 0);
        return at + 4;
    }

    @Override
    public void decompress(byte[] from, int offset, int length, Inflated to) throws InvalidBatchException {
        to.clear(4L * length);
        int end = offset + length;
        require(length >= HEADER_SIZE && LittleEndian.getInt(from, offset) == MAGIC, "magic");
        int flags = from[offset + 4];
        int blockCode = (from[offset + 5] >>> 4) & 7;
        require((flags & VERSION_MASK) == VERSION && (flags & UNSUPPORTED) == 0, "version 1 without a dictionary");
        require((flags & INDEPENDENT_BLOCKS) != 0, "independent blocks");
        require(blockCode >= BLOCK_SIZE_CODE && (from[offset + 5] & 0x8f) == 0, "block size");
        int descriptor = 2 + ((flags & CONTENT_SIZE) != 0 ? 8 : 0);
        int at = offset + 4 + descriptor;
        require(at < end && from[at] == headerChecksum(from, offset + 4, descriptor), "header checksum");
        at++;
        int blockChecksum = (flags & BLOCK_CHECKSUM) != 0 ? 4 : 0;
        int maxBlock = 1 << (8 + 2 * blockCode);
        while (true) {
            require(end - at >= 4, "end mark");
            int word = LittleEndian.getInt(from, at);
            at += 4;
            if (word == 0) {
                break;
            }
            int size = word & ~STORED;
            require(size <= maxBlock && size <= end - at - blockChecksum, "block size");
            require(
                    blockChecksum == 0 || LittleEndian.getInt(from, at + size) == xxhash.hash(from, at, size, 0),
                    "block");
            block(from, at, size, word < 0, maxBlock, to);
            at += size + blockChecksum;
        }
        if ((flags & CONTENT_CHECKSUM) != 0) {
            require(end - at >= 4, "content checksum");
            require(LittleEndian.getInt(from, at) == xxhash.hash(to.bytes(), 0, to.length(), 0), "content checksum");
            at += 4;
        }
        require(at == end, "nothing behind the end mark");
    }

    private void block(byte[] from, int at, int size, boolean stored, int maxBlock, Inflated to)
            throws InvalidBatchException {
        if (stored) {
            to.reserve(size);
            System.arraycopy(from, at, to.bytes(), to.length(), size);
            to.advance(size);
            return;
        }
        // LZ4 makes at most 255 bytes out of one.
        int most = (int) Math.min(maxBlock, 255L * size);
        if (to.free() < most) {
            to.reserve(Math.min(most, Math.max(1, to.maxBytes() - to.length())));
        }
        try {
            to.advance(decompressor.decompress(from, at, size, to.bytes(), to.length(), Math.min(most, to.free())));
        } catch (LZ4Exception e) {
            throw new InvalidBatchException("records: " + e.getMessage() + " (expected: an LZ4 block of at most " + most
                    + " bytes within " + to.maxBytes() + " in all)");
        }
    }

    private byte headerChecksum(byte[] bytes, int at, int length) {
        return (byte) (xxhash.hash(bytes, at, length, 0) >>> 8);
    }

    private static void require(boolean holds, String what) throws InvalidBatchException {
        if (!holds) {
            throw new InvalidBatchException("records: not an LZ4 frame (expected: " + what + ")");
        }
    }
}
