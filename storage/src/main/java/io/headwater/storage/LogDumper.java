package io.headwater.storage;

import io.headwater.record.Envelope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Shows what one segment file holds, entry by entry, whether or not a broker would accept it. Changes nothing. */
public final class LogDumper {
    /** Sees each entry whose envelope is intact. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Called once an entry, in their order.
         *
         * @param position of its first byte in the file
         * @param envelope borrowed
         * @param payload borrowed: the batch header of a DATA entry, the whole payload of any other
         * @param intact whether the payload's checksum matches
         */
        void entry(long position, Envelope envelope, ByteBuffer payload, boolean intact);
    }

    /**
     * What stands around the entries.
     *
     * @param end byte behind the last entry that was shown
     * @param problem what is wrong there; {@code null} if nothing is
     * @param sealed whether an intact footer follows the last entry
     */
    public record Dump(
            long partitionId,
            long baseIndex,
            long baseOffset,
            long endIndex,
            long endOffset,
            long end,
            @Nullable String problem,
            boolean sealed) {}

    private LogDumper() {}

    /**
     * Reads a whole segment file.
     *
     * @throws CorruptLogException if it does not begin like a segment
     */
    public static Dump dump(Disk disk, Path file, Visitor visitor) throws IOException {
        try (DiskFile bytes = disk.open(file, Disk.Mode.READ)) {
            SegmentHeader header = readHeader(bytes);
            if (header == null) {
                throw new CorruptLogException(file, 0, "no header of a segment");
            }
            SegmentSummary found = SegmentSummary.of(header);
            EntryScanner scanner = new EntryScanner();
            scanner.start(
                    bytes::read,
                    EntryScanner.Depth.HEADS,
                    SegmentHeader.SIZE,
                    bytes.size(),
                    header.baseIndex(),
                    header.baseOffset());
            while (!found.rolled() && scanner.next()) {
                ByteBuffer payload = scanner.payload();
                visitor.entry(scanner.position(), scanner.envelope(), payload, scanner.payloadMatches());
                found.add(scanner.envelope(), scanner.records());
            }
            SegmentSummary footer = found.rolled() ? readFooter(bytes, found.endPosition) : null;
            String problem = found.rolled() && footer == null ? "no intact footer" : scanner.problem();
            return new Dump(
                    header.partitionId(),
                    header.baseIndex(),
                    header.baseOffset(),
                    found.endIndex,
                    found.endOffset,
                    found.endPosition,
                    problem,
                    footer != null && footer.sameAs(found));
        }
    }

    static @Nullable SegmentHeader readHeader(DiskFile file) throws IOException {
        return SegmentHeader.decode(read(file, 0, SegmentHeader.SIZE));
    }

    static @Nullable SegmentSummary readFooter(DiskFile file, long position) throws IOException {
        return SegmentSummary.decode(read(file, position, SegmentSummary.SIZE), SegmentSummary.FOOTER);
    }

    /** As many bytes as there are, up to {@code length}. */
    private static ByteBuffer read(DiskFile file, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        int n = 0;
        while (bytes.hasRemaining() && n >= 0) {
            n = file.read(bytes, position + bytes.position());
        }
        return bytes.flip();
    }
}
