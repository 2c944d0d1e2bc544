package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a run of entries from a segment's first one adds up to. It grows with each append, so that sealing reads nothing
 * again. Behind the last entry of a sealed segment it is the footer; in front of an index it says what that covers. 128
 * bytes, big endian.
 *
 * <pre>
 *   0                  8              12             16             24            32            40
 *   +------------------+--------------+--------------+--------------+-------------+-------------+
 *   | magic            | format i32=1 | last epoch   | partition id | base index  | end index   |
 *   +------------------+--------------+--------------+--------------+-------------+-------------+
 *  40             48             56                   64                   72               80
 *   +--------------+--------------+--------------------+--------------------+----------------+
 *   | base offset  | end offset   | min ingestion time | max ingestion time | min event time |
 *   +--------------+--------------+--------------------+--------------------+----------------+
 *  80               88           96             104                 108       116     124         128
 *   +----------------+------------+--------------+-------------------+---------+-------+-----------+
 *   | max event time | checksum   | end position | kind of the last  | gone    | zeros | crc u32   |
 *   |                |            |              | entry, i32; 0: no | records |       |           |
 *   +----------------+------------+--------------+-------------------+---------+-------+-----------+
 * </pre>
 *
 * The magic is {@link #FOOTER} or {@link #INDEX}. Ends are exclusive; the end position is the byte behind the last
 * entry. The checksum is FNV-1a with 64 bits over the entries' envelope CRCs taken as 32-bit words, in their order: equal
 * checksums mean equal entries. Times of nothing: {@link Long#MAX_VALUE} and {@link Long#MIN_VALUE}. The CRC-32C covers
 * the 124 bytes before it.
 */
final class SegmentSummary {
    static final int SIZE = 128;
    static final int FORMAT = 1;
    static final long FOOTER = 0x4857464f4f544552L;
    static final long INDEX = 0x4857494e44455831L;
    private static final int CRC_AT = 124;
    private static final long FNV_BASIS = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    final long partitionId;
    final long baseIndex;
    final long baseOffset;
    long endIndex;
    long endOffset;
    int lastEpoch;
    long minIngestionTimeMs = Long.MAX_VALUE;
    long maxIngestionTimeMs = Long.MIN_VALUE;
    long minEventTimeMs = Long.MAX_VALUE;
    long maxEventTimeMs = Long.MIN_VALUE;
    long checksum = FNV_BASIS;
    long endPosition = SegmentHeader.SIZE;
    int lastKind;
    /** Offsets whose record was taken out by a rewriting. */
    long goneRecords;

    /** The epochs that begin here. A footer does not hold them: until an index tells, see {@link #knowsEpochs}. */
    private List<EpochStart> epochs = List.of();

    private SegmentSummary(long partitionId, long baseIndex, long baseOffset) {
        this.partitionId = partitionId;
        this.baseIndex = baseIndex;
        this.baseOffset = baseOffset;
    }

    /** Of a segment without entries. */
    static SegmentSummary of(SegmentHeader header) {
        SegmentSummary summary = new SegmentSummary(header.partitionId(), header.baseIndex(), header.baseOffset());
        summary.endIndex = header.baseIndex();
        summary.endOffset = header.baseOffset();
        summary.lastEpoch = header.lastEpoch();
        return summary;
    }

    /** @param records how many of its offsets have one */
    void add(Envelope entry, int records) {
        if (entry.leaderEpoch() != lastEpoch) {
            if (epochs.isEmpty()) {
                epochs = new ArrayList<>(1);
            }
            epochs.add(new EpochStart(entry.leaderEpoch(), endIndex));
        }
        endIndex += entry.entryCount();
        endOffset += entry.recordCount();
        lastEpoch = entry.leaderEpoch();
        minIngestionTimeMs = Math.min(minIngestionTimeMs, entry.ingestionTimeMs());
        maxIngestionTimeMs = Math.max(maxIngestionTimeMs, entry.ingestionTimeMs());
        if (entry.kind() == EntryKind.DATA) {
            minEventTimeMs = Math.min(minEventTimeMs, entry.minEventTimeMs());
            maxEventTimeMs = Math.max(maxEventTimeMs, entry.maxEventTimeMs());
        }
        checksum = (checksum ^ (entry.crc() & 0xffffffffL)) * FNV_PRIME;
        endPosition += entry.length();
        lastKind = entry.kind().id();
        goneRecords += entry.recordCount() - records;
    }

    /** The leader epochs whose first entry is one of these, oldest first. */
    List<EpochStart> epochs() {
        return epochs;
    }

    void epochs(List<EpochStart> known) {
        epochs = known;
    }

    /** Epochs never fall, so none begins in a segment that ends in the epoch that it began in. */
    boolean knowsEpochs(SegmentHeader header) {
        return !epochs.isEmpty() || lastEpoch == header.lastEpoch();
    }

    long records() {
        return endOffset - baseOffset - goneRecords;
    }

    /** Whether the last entry is the one that ends a segment. */
    boolean rolled() {
        return lastKind == EntryKind.ROLL.id();
    }

    boolean sameAs(SegmentSummary other) {
        return partitionId == other.partitionId
                && baseIndex == other.baseIndex
                && endIndex == other.endIndex
                && baseOffset == other.baseOffset
                && endOffset == other.endOffset
                && checksum == other.checksum
                && endPosition == other.endPosition;
    }

    /** Writes {@link #SIZE} bytes at the position of {@code into}, and moves it. */
    void encode(ByteBuffer into, long magic) {
        int start = into.position();
        into.putLong(magic).putInt(FORMAT).putInt(lastEpoch).putLong(partitionId);
        into.putLong(baseIndex).putLong(endIndex).putLong(baseOffset).putLong(endOffset);
        into.putLong(minIngestionTimeMs).putLong(maxIngestionTimeMs);
        into.putLong(minEventTimeMs).putLong(maxEventTimeMs);
        into.putLong(checksum).putLong(endPosition).putInt(lastKind).putLong(goneRecords);
        while (into.position() < start + CRC_AT) {
            into.put((byte) 0);
        }
        into.putInt(crc(into, start));
    }

    /** Reads at the position of {@code bytes}; {@code null} if no intact summary with this magic stands there. */
    static @Nullable SegmentSummary decode(ByteBuffer bytes, long magic) {
        int at = bytes.position();
        if (bytes.remaining() < SIZE
                || bytes.getLong(at) != magic
                || bytes.getInt(at + 8) != FORMAT
                || bytes.getInt(at + CRC_AT) != crc(bytes, at)) {
            return null;
        }
        SegmentSummary summary =
                new SegmentSummary(bytes.getLong(at + 16), bytes.getLong(at + 24), bytes.getLong(at + 40));
        summary.lastEpoch = bytes.getInt(at + 12);
        summary.endIndex = bytes.getLong(at + 32);
        summary.endOffset = bytes.getLong(at + 48);
        summary.minIngestionTimeMs = bytes.getLong(at + 56);
        summary.maxIngestionTimeMs = bytes.getLong(at + 64);
        summary.minEventTimeMs = bytes.getLong(at + 72);
        summary.maxEventTimeMs = bytes.getLong(at + 80);
        summary.checksum = bytes.getLong(at + 88);
        summary.endPosition = bytes.getLong(at + 96);
        summary.lastKind = bytes.getInt(at + 104);
        summary.goneRecords = bytes.getLong(at + 108);
        return summary;
    }

    private static int crc(ByteBuffer bytes, int start) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().limit(start + CRC_AT).position(start));
        return (int) crc.getValue();
    }
}
