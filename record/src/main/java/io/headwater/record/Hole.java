package io.headwater.record;

import java.nio.ByteBuffer;

/**
 * What a rewriting leaves in the place of entries that lost all their records: one DATA entry whose batch holds none. It
 * takes the entry indexes and the offsets of all of them, so that both stay dense and every reader that goes by what a
 * batch spans passes over it. It has no producer, and its event times are those of nothing: {@link Long#MAX_VALUE} and
 * {@link Long#MIN_VALUE}.
 */
public final class Hole {
    public static final int SIZE = Envelope.SIZE + BatchLayout.HEADER_SIZE;
    /** As many entry indexes as one takes at most: the envelope counts the further ones in 16 bits. */
    public static final int MOST_ENTRIES = 1 << 16;

    private Hole() {}

    /**
     * Writes an entry at the position of {@code into}, and moves it by {@link #SIZE}.
     *
     * @param into big endian
     * @param entries how many entry indexes it takes, 1 to {@link #MOST_ENTRIES}
     * @param offsets how many record offsets, at least 1
     */
    public static void encode(
            ByteBuffer into,
            long entryIndex,
            int entries,
            long baseOffset,
            int offsets,
            int leaderEpoch,
            long ingestionTimeMs) {
        if (entries < 1 || entries > MOST_ENTRIES || offsets < 1) {
            throw new IllegalArgumentException("hole of " + entries + " entries and " + offsets
                    + " offsets (expected: 1 to " + MOST_ENTRIES + ", and at least 1)");
        }
        int at = into.position();
        int batchAt = at + Envelope.SIZE;
        into.putInt(batchAt + BatchLayout.LENGTH, BatchLayout.HEADER_SIZE - BatchLayout.LENGTH_OVERHEAD);
        into.put(batchAt + BatchLayout.MAGIC, BatchLayout.MAGIC_V2);
        into.putShort(batchAt + BatchLayout.ATTRIBUTES, (short) 0);
        into.putInt(batchAt + BatchLayout.LAST_OFFSET_DELTA, offsets - 1);
        into.putLong(batchAt + BatchLayout.BASE_TIMESTAMP, ingestionTimeMs);
        into.putLong(batchAt + BatchLayout.MAX_TIMESTAMP, ingestionTimeMs);
        into.putInt(batchAt + BatchLayout.RECORD_COUNT, 0);
        RecordBatchBuilder.restampProducer(
                into, batchAt, BatchLayout.NO_PRODUCER, (short) BatchLayout.NO_PRODUCER, BatchLayout.NO_PRODUCER);
        RecordBatch batch = new RecordBatch();
        try {
            batch.wrap(into, batchAt).stamp(baseOffset, leaderEpoch);
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch that was just made: " + e.getMessage(), e);
        }
        new Envelope()
                .wrap(into, at)
                .encodeData(batch, Long.MAX_VALUE, Long.MIN_VALUE, entryIndex, entries, ingestionTimeMs);
        into.position(at + SIZE);
    }
}
