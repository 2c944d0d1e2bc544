package io.headwater.record;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Zstandard frames. Contexts are native memory that is dear to make, so they are kept and lent to one call at a time;
 * there are as many as there ever were calls at once.
 */
final class ZstdCodec implements Codec {
    private static final int LEVEL = 3;

    private final ConcurrentLinkedQueue<ZstdCompressCtx> compressors = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<ZstdDecompressCtx> decompressors = new ConcurrentLinkedQueue<>();

    @Override
    public int maxCompressedLength(int length) {
        return Math.toIntExact(Zstd.compressBound(length));
    }

    @Override
    public int compress(byte[] from, int length, byte[] to) {
        ZstdCompressCtx context = compressors.poll();
        if (context == null) {
            context = new ZstdCompressCtx().setLevel(LEVEL);
        }
        int size = context.compressByteArray(to, 0, to.length, from, 0, length);
        compressors.add(context);
        return size;
    }

    /**
     * In one shot, again with more room where it was not enough: a streaming decoder would first reserve whatever window
     * the frame asks for, and a frame's own idea of its size is only a claim.
     */
    @Override
    public void decompress(byte[] from, int offset, int length, Inflated to) throws InvalidBatchException {
        long claimed = Zstd.getFrameContentSize(from, offset, length);
        long likely = 16L * length;
        to.clear(claimed > 0 ? Math.min(claimed, likely) : likely);
        ZstdDecompressCtx context = decompressors.poll();
        if (context == null) {
            context = new ZstdDecompressCtx();
        }
        try {
            while (true) {
                try {
                    to.advance(context.decompressByteArray(to.bytes(), 0, to.bytes().length, from, offset, length));
                    return;
                } catch (ZstdException e) {
                    if (e.getErrorCode() != Zstd.errDstSizeTooSmall()) {
                        throw new InvalidBatchException("records: " + e.getMessage() + " (expected: zstd)");
                    }
                    to.grow();
                }
            }
        } finally {
            decompressors.add(context);
        }
    }
}
