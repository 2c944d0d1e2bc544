package io.headwater.storage;

import io.headwater.record.Envelope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What was appended and is not written yet: envelopes in memory of its own, payloads where their owners have them. All of
 * it leaves in one gathering write.
 */
final class GatherBuffer {
    private static final int ENVELOPES_PER_BLOCK = 64;

    private final Envelope envelope = new Envelope();
    private ByteBuffer[] envelopes = new ByteBuffer[0];
    private int envelopesUsed;
    private ByteBuffer[] parts = new ByteBuffer[2 * ENVELOPES_PER_BLOCK];
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** Room for the next envelope, wrapped; it is part of what will be written. */
    Envelope nextEnvelope() {
        if (envelopesUsed == envelopes.length) {
            growEnvelopes();
        }
        ByteBuffer room = envelopes[envelopesUsed++].clear();
        add(room);
        return envelope.wrap(room, 0);
    }

    /** Takes back the room that {@link #nextEnvelope} gave. */
    void dropEnvelope() {
        envelopesUsed--;
        count--;
    }

    /** Adds bytes, position to limit; borrowed until they are written. */
    void add(ByteBuffer part) {
        if (count == parts.length) {
            parts = Arrays.copyOf(parts, count * 2);
        }
        parts[count++] = part;
    }

    void writeTo(DiskFile file, long position) throws IOException {
        file.write(parts, count, position);
        clear();
    }

    void clear() {
        Arrays.fill(parts, 0, count, null);
        count = 0;
        envelopesUsed = 0;
    }

    private void growEnvelopes() {
        int used = envelopes.length;
        ByteBuffer block = ByteBuffer.allocateDirect(ENVELOPES_PER_BLOCK * Envelope.SIZE);
        envelopes = Arrays.copyOf(envelopes, used + ENVELOPES_PER_BLOCK);
        for (int i = 0; i < ENVELOPES_PER_BLOCK; i++) {
            envelopes[used + i] = block.slice(i * Envelope.SIZE, Envelope.SIZE);
        }
    }
}
