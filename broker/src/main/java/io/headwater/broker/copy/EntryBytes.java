package io.headwater.broker.copy;

import io.headwater.broker.replica.Entries;
import io.headwater.broker.replica.EpochStart;
import io.headwater.record.Envelope;
import io.headwater.storage.InvalidEntriesException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Entries as they stand in a log.
 *
 * @param content position to limit, big endian; nobody changes it
 */
public record EntryBytes(long fromIndex, long endIndex, ByteBuffer content, List<EpochStart> epochs)
        implements Entries {
    public EntryBytes {
        epochs = List.copyOf(epochs);
    }

    /**
     * Entries that another node has sent. What they are is read from their envelopes, whose checksums are looked at: so a
     * replica is never told anything of them that they do not say themselves. Payloads are checked when they are appended.
     *
     * @param content position to limit, big endian, not of a mapped file; taken over
     * @throws InvalidEntriesException if these are not whole envelopes of consecutive entries; the message that brought
     *     them is to be dropped, and its sender will send it again
     */
    public static EntryBytes received(ByteBuffer content) throws InvalidEntriesException {
        Envelope envelope = new Envelope();
        List<EpochStart> epochs = new ArrayList<>(1);
        long fromIndex = 0;
        long nextIndex = 0;
        int epoch = 0;
        for (int at = content.position(); at < content.limit(); at += envelope.length()) {
            int left = content.limit() - at;
            require(left >= Envelope.SIZE, "an envelope is cut off after " + left + " bytes");
            envelope.wrap(content, at);
            require(envelope.crcMatches(), "the checksum of an envelope does not match");
            require(envelope.length() <= left, "an entry is cut off after " + left + " bytes");
            boolean first = at == content.position();
            if (first) {
                fromIndex = envelope.entryIndex();
                nextIndex = fromIndex;
            }
            require(
                    envelope.entryIndex() == nextIndex,
                    "index " + envelope.entryIndex() + " in the place of " + nextIndex);
            require(envelope.leaderEpoch() >= epoch, "epoch " + envelope.leaderEpoch() + " behind " + epoch);
            if (first || envelope.leaderEpoch() != epoch) {
                epoch = envelope.leaderEpoch();
                epochs.add(new EpochStart(epoch, nextIndex));
            }
            nextIndex += envelope.entryCount();
        }
        require(!epochs.isEmpty(), "none");
        return new EntryBytes(fromIndex, nextIndex, content, epochs);
    }

    private static void require(boolean holds, String otherwise) throws InvalidEntriesException {
        if (!holds) {
            throw new InvalidEntriesException(
                    "entries received: " + otherwise + " (expected: one or more whole entries, one behind the other)");
        }
    }

    @Override
    public int bytes() {
        return content.remaining();
    }
}
