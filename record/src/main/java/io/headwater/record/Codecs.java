package io.headwater.record;

/**
 * The codec of each compression, made when it is first needed: a program that never meets a compression never loads its
 * native library.
 */
final class Codecs {
    private Codecs() {}

    static Codec of(Compression compression) {
        return switch (compression) {
            case GZIP -> Gzip.CODEC;
            case SNAPPY -> Snappy.CODEC;
            case LZ4 -> Lz4.CODEC;
            case ZSTD -> Zstd.CODEC;
            case NONE -> throw new IllegalArgumentException("compression: NONE (expected: one that has a codec)");
        };
    }

    private static final class Gzip {
        static final Codec CODEC = new GzipCodec();
    }

    private static final class Snappy {
        static final Codec CODEC = new SnappyCodec();
    }

    private static final class Lz4 {
        static final Codec CODEC = new Lz4Codec();
    }

    private static final class Zstd {
        static final Codec CODEC = new ZstdCodec();
    }
}
