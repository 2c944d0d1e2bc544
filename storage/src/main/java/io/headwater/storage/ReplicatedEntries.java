package io.headwater.storage;

import io.headwater.record.BatchLayout;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import java.nio.ByteBuffer;

/**
 * Looks at entries of another copy's log before they become part of this one, and believes nothing: they must be whole,
 * go on where the log ends, and agree with themselves. Computes checksums where the bytes stand, without a copy, so those
 * must not be a mapping of a file.
 */
final class ReplicatedEntries {
    private final Envelope envelope = new Envelope();
    private long nextIndex;
    private long nextOffset;
    private int lastEpoch;
    private long lastIngestionTimeMs;

    /** Checks all entries between position and limit against the log's end. */
    void check(ByteBuffer entries, long endIndex, long endOffset, int logEpoch, long logTimeMs)
            throws InvalidEntriesException {
        nextIndex = endIndex;
        nextOffset = endOffset;
        lastEpoch = logEpoch;
        lastIngestionTimeMs = logTimeMs;
        int at = entries.position();
        while (at < entries.limit()) {
            checkEntry(entries, at);
            nextIndex += envelope.entryCount();
            nextOffset += envelope.recordCount();
            lastEpoch = envelope.leaderEpoch();
            lastIngestionTimeMs = envelope.ingestionTimeMs();
            at += envelope.length();
        }
    }

    private void checkEntry(ByteBuffer entries, int at) throws InvalidEntriesException {
        int available = entries.limit() - at;
        require(available >= Envelope.SIZE, "an envelope is cut off after ", available);
        envelope.wrap(entries, at);
        require(envelope.crcMatches(), "the checksum of an envelope does not match; its length: ", envelope.length());
        require(envelope.length() <= available, "an entry is cut off after ", available);
        require(envelope.entryIndex() == nextIndex, "another entry index: ", envelope.entryIndex());
        require(envelope.baseOffset() == nextOffset, "another base offset: ", envelope.baseOffset());
        require(envelope.leaderEpoch() >= lastEpoch, "a lower leader epoch: ", envelope.leaderEpoch());
        require(
                envelope.ingestionTimeMs() >= lastIngestionTimeMs,
                "an earlier ingestion time: ",
                envelope.ingestionTimeMs());
        boolean agrees = envelope.kind() == EntryKind.DATA
                ? headerAgrees(entries, at + Envelope.SIZE)
                : envelope.recordCount() == 0 && envelope.entryCount() == 1;
        require(agrees, "envelope and payload contradict each other; record count: ", envelope.recordCount());
        require(envelope.payloadCrcMatches(), "the checksum of a payload does not match: ", envelope.payloadCrc());
    }

    private boolean headerAgrees(ByteBuffer entries, int batchAt) {
        int spanned = envelope.recordCount();
        int records = entries.getInt(batchAt + BatchLayout.RECORD_COUNT);
        return entries.get(batchAt + BatchLayout.MAGIC) == BatchLayout.MAGIC_V2
                && entries.getLong(batchAt + BatchLayout.BASE_OFFSET) == envelope.baseOffset()
                && entries.getInt(batchAt + BatchLayout.LENGTH)
                        == envelope.length() - Envelope.SIZE - BatchLayout.LENGTH_OVERHEAD
                && entries.getInt(batchAt + BatchLayout.LEADER_EPOCH) == envelope.leaderEpoch()
                && entries.getInt(batchAt + BatchLayout.CRC) == envelope.payloadCrc()
                && spanned > 0
                && entries.getInt(batchAt + BatchLayout.LAST_OFFSET_DELTA) == spanned - 1
                && records >= 0
                && records <= spanned
                // Only a hole takes more than one entry index.
                && (records == 0 || envelope.entryCount() == 1);
    }

    private void require(boolean holds, String otherwise, long found) throws InvalidEntriesException {
        if (!holds) {
            throw new InvalidEntriesException("entries refused: " + otherwise + found + " (expected: entry " + nextIndex
                    + " with offset " + nextOffset + ", epoch from " + lastEpoch + ", time from " + lastIngestionTimeMs
                    + ")");
        }
    }

    /** Of entries that were checked: behind the first ROLL entry from {@code from} on, or the limit. */
    static int endOfSegment(ByteBuffer entries, int from) {
        int at = from;
        boolean rolled = false;
        while (at < entries.limit() && !rolled) {
            rolled = entries.get(at + Envelope.KIND_AT) == EntryKind.ROLL.id();
            at += entries.getInt(at + Envelope.LENGTH_AT);
        }
        return at;
    }

    /** An entry that was checked; wrapped anew by the next call. */
    Envelope entry(ByteBuffer entries, int at) {
        return envelope.wrap(entries, at);
    }

    /** How many records an entry that was checked holds. */
    static int records(ByteBuffer entries, int at) {
        boolean data = entries.get(at + Envelope.KIND_AT) == EntryKind.DATA.id();
        return data ? entries.getInt(at + Envelope.SIZE + BatchLayout.RECORD_COUNT) : 0;
    }
}
