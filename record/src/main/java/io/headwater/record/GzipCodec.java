package io.headwater.record;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;

/** RFC 1952, one member, no name and no time in its header. */
final class GzipCodec implements Codec {
    private static final byte[] HEADER = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 0xff};
    private static final int TRAILER_SIZE = 8;

    @Override
    public int maxCompressedLength(int length) {
        // zlib's deflateBound() for any parameters, and our header and trailer.
        return Math.addExact(length, ((length + 7) >>> 3) + ((length + 63) >>> 6) + 5 + HEADER.length + TRAILER_SIZE);
    }

    @Override
    public int compress(byte[] from, int length, byte[] to) {
        System.arraycopy(HEADER, 0, to, 0, HEADER.length);
        int at = HEADER.length;
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        try {
            deflater.setInput(from, 0, length);
            deflater.finish();
            while (!deflater.finished()) {
                at += deflater.deflate(to, at, to.length - at);
            }
        } finally {
            deflater.end();
        }
        CRC32 crc = new CRC32();
        crc.update(from, 0, length);
        LittleEndian.putInt(to, at, (int) crc.getValue());
        LittleEndian.putInt(to, at + 4, length);
        return at + TRAILER_SIZE;
    }

    @Override
    public void decompress(byte[] from, int offset, int length, Inflated to) throws InvalidBatchException {
        to.clear(4L * length);
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(from, offset, length), 4096)) {
            for (int read = 0; read >= 0; ) {
                to.advance(read);
                if (to.free() == 0) {
                    if (to.length() == to.maxBytes()) {
                        if (in.read() >= 0) {
                            throw to.tooLarge();
                        }
                        return;
                    }
                    to.grow();
                }
                read = in.read(to.bytes(), to.length(), to.free());
            }
        } catch (IOException e) {
            throw new InvalidBatchException("records: " + e.getMessage() + " (expected: gzip)");
        }
    }
}
