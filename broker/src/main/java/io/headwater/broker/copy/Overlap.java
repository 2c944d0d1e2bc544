package io.headwater.broker.copy;

import io.headwater.record.BatchLayout;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.Hole;
import io.headwater.storage.InvalidEntriesException;
import io.headwater.storage.PartitionLog;
import java.nio.ByteBuffer;
import java.util.List;

/** Of entries that a leader has sent, those that a log does not have. */
final class Overlap {
    private Overlap() {}

    /**
     * The entries from the end of a log on, as consecutive pieces. The leader may have rewritten what it sends: a hole in
     * its log takes the place of several entries, of which this log may have the first ones; then the rest of the hole
     * comes in a piece of its own.
     *
     * @param content position to limit
     * @throws InvalidEntriesException if there is no border of entries at the log's end
     */
    static List<ByteBuffer> behind(ByteBuffer content, PartitionLog log) throws InvalidEntriesException {
        long endIndex = log.endIndex();
        Envelope envelope = new Envelope();
        int at = content.position();
        while (content.limit() - at >= Envelope.SIZE) {
            envelope.wrap(content, at);
            long next = envelope.entryIndex() + envelope.entryCount();
            if (envelope.entryIndex() >= endIndex) {
                return List.of(content.duplicate().position(at));
            }
            int length = envelope.length();
            if (length < Envelope.SIZE || length > content.limit() - at) {
                throw new InvalidEntriesException("entries refused: length " + length + " of an entry (expected: "
                        + Envelope.SIZE + " to " + (content.limit() - at) + ")");
            }
            at += length;
            if (next > endIndex) {
                ByteBuffer rest = restOfHole(envelope, log);
                ByteBuffer others = content.duplicate().position(at);
                return others.hasRemaining() ? List.of(rest, others) : List.of(rest);
            }
        }
        return List.of();
    }

    private static ByteBuffer restOfHole(Envelope hole, PartitionLog log) throws InvalidEntriesException {
        long endIndex = log.endIndex();
        long endOffset = log.endOffset();
        long entries = hole.entryIndex() + hole.entryCount() - endIndex;
        long offsets = hole.baseOffset() + hole.recordCount() - endOffset;
        boolean isHole = hole.crcMatches()
                && hole.kind() == EntryKind.DATA
                && hole.buffer().getInt(hole.position() + Envelope.SIZE + BatchLayout.RECORD_COUNT) == 0;
        if (!isHole || endOffset <= hole.baseOffset() || offsets < entries) {
            throw new InvalidEntriesException("entries refused: entry " + hole.entryIndex() + " of " + hole.entryCount()
                    + " indexes (expected: one that begins at " + endIndex + ", or a hole around it)");
        }
        ByteBuffer rest = ByteBuffer.allocate(Hole.SIZE);
        Hole.encode(
                rest,
                endIndex,
                (int) entries,
                endOffset,
                (int) offsets,
                hole.leaderEpoch(),
                Math.max(hole.ingestionTimeMs(), log.stats().maxIngestionTimeMs()));
        return rest.flip();
    }
}
