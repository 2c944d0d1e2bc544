package io.headwater.cli.shell;

import io.headwater.record.Compression;
import picocli.CommandLine.Option;

/** How a producer packs its batches. */
public final class CompressionOption {
    /** As people write it. */
    public enum Type {
        none(Compression.NONE),
        gzip(Compression.GZIP),
        snappy(Compression.SNAPPY),
        lz4(Compression.LZ4),
        zstd(Compression.ZSTD);

        private final Compression compression;

        Type(Compression compression) {
            this.compression = compression;
        }
    }

    @Option(
            names = "--compression",
            paramLabel = "TYPE",
            description = "none, gzip, snappy, lz4 or zstd (default: none).")
    private Type type = Type.none;

    public Compression compression() {
        return type.compression;
    }
}
