package io.headwater.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * The records of the journal {@code marks}, all numbers big endian. The last record about something wins.
 *
 * <pre>
 * identity                              mark                                  removed
 *   0  u8   1                             0  u8   2                             0  u8   3
 *   1  u8   version of these records, 1   1  u8   flags                         1  7 bytes 0
 *   2  u16  length of the cluster id      2  u16  0                             8  i64  partition id
 *   4  i32  0                             4  i32  promised epoch, -1 for none
 *   8  u128 directory id                  8  i64  partition id
 *  24  cluster id, UTF-8                 16  i64  end index
 *                                        24  i64  end offset
 *                                        32  i64  base index of the segment
 *                                        40  i64  position in it
 *                                        48  i64  commit index
 * </pre>
 *
 * Flags: 1 clean, 2 learner, 4 suspect, 8 had, 16 deleted, 32 unsynced, 64 lost tail, 128 start. One with "had" is 16 bytes longer: the
 * epoch of the last entry that it had when it was found damaged, and the index behind that. One with "start" is 8 bytes longer: behind
 * all others, the index where the log begins.
 */
final class MarksLayout {
    /** Tag of the journal. */
    static final int TAG = 0x4D41524B; // "MARK"

    private static final int MARK_BYTES = 56;
    private static final int HAD_BYTES = 16;
    private static final int START_BYTES = 8;
    /** What a mark takes at most in the journal, with its head. */
    static final int MARK_RECORD_BYTES = MARK_BYTES + HAD_BYTES + START_BYTES + JournalLayout.RECORD_HEAD;

    private static final byte IDENTITY = 1;
    private static final byte MARK = 2;
    private static final byte REMOVED = 3;
    private static final byte VERSION = 1;
    private static final int CLEAN = 1;
    private static final int HAD = 8;
    private static final int START = 128;
    private static final int REPLICA_FLAGS = ReplicaFlag.LEARNER.bit()
            | ReplicaFlag.SUSPECT.bit()
            | ReplicaFlag.DELETED.bit()
            | ReplicaFlag.UNSYNCED.bit()
            | ReplicaFlag.LOST_TAIL.bit();
    private static final int IDENTITY_BYTES = 24;

    private MarksLayout() {}

    /** Who the directory is. */
    record Identity(UUID directoryId, String clusterId) {}

    /** Receives what a record says. */
    interface Reader {
        void identity(Identity identity);

        /** The mark is lent for the call. */
        void mark(Mark mark);

        void removed(long partitionId);
    }

    static byte[] encode(Identity identity) {
        byte[] cluster = identity.clusterId().getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(IDENTITY_BYTES + cluster.length);
        bytes.put(IDENTITY).put(VERSION).putShort((short) cluster.length).putInt(0);
        bytes.putLong(identity.directoryId().getMostSignificantBits());
        bytes.putLong(identity.directoryId().getLeastSignificantBits());
        return bytes.put(cluster).array();
    }

    /** How many bytes {@link #encode(Mark, ByteBuffer)} makes. */
    static int sizeOf(Mark mark) {
        return sizeOf(flags(mark));
    }

    private static int sizeOf(int flags) {
        return MARK_BYTES + ((flags & HAD) == 0 ? 0 : HAD_BYTES) + ((flags & START) == 0 ? 0 : START_BYTES);
    }

    private static int flags(Mark mark) {
        return mark.flags
                | (mark.clean ? CLEAN : 0)
                | (mark.hadEndIndex > 0 ? HAD : 0)
                | (mark.startIndex == Mark.UNKNOWN ? 0 : START);
    }

    /** Encodes a mark over the {@link #sizeOf} bytes of {@code into}, which may be reused. */
    static void encode(Mark mark, ByteBuffer into) {
        int flags = flags(mark);
        into.clear();
        into.put(MARK).put((byte) flags).putShort((short) 0).putInt(mark.promisedEpoch);
        into.putLong(mark.partitionId);
        into.putLong(mark.durable.endIndex).putLong(mark.durable.endOffset);
        into.putLong(mark.durable.segmentBaseIndex).putLong(mark.durable.position);
        into.putLong(Math.min(mark.commitIndex, mark.durable.endIndex));
        if ((flags & HAD) != 0) {
            into.putLong(mark.hadEpoch).putLong(mark.hadEndIndex);
        }
        if ((flags & START) != 0) {
            into.putLong(mark.startIndex);
        }
    }

    static byte[] encodeRemoved(long partitionId) {
        return ByteBuffer.allocate(16)
                .putLong((long) REMOVED << 56)
                .putLong(partitionId)
                .array();
    }

    /**
     * Tells the reader what a record says.
     *
     * @throws IllegalArgumentException if this version does not know the record
     */
    static void decode(byte[] record, Mark scratch, Reader reader) {
        ByteBuffer bytes = ByteBuffer.wrap(record);
        byte type = bytes.get(0);
        if (type == IDENTITY && record.length >= IDENTITY_BYTES && bytes.get(1) == VERSION) {
            int length = Short.toUnsignedInt(bytes.getShort(2));
            String cluster = new String(record, IDENTITY_BYTES, length, StandardCharsets.UTF_8);
            reader.identity(new Identity(new UUID(bytes.getLong(8), bytes.getLong(16)), cluster));
        } else if (type == MARK && record.length == sizeOf(bytes.get(1))) {
            boolean had = (bytes.get(1) & HAD) != 0;
            boolean start = (bytes.get(1) & START) != 0;
            scratch.hadEpoch = had ? (int) bytes.getLong(MARK_BYTES) : 0;
            scratch.hadEndIndex = had ? bytes.getLong(MARK_BYTES + 8) : 0;
            scratch.flags = bytes.get(1) & REPLICA_FLAGS;
            scratch.clean = (bytes.get(1) & CLEAN) != 0;
            scratch.promisedEpoch = bytes.getInt(4);
            scratch.partitionId = bytes.getLong(8);
            scratch.durable.set(bytes.getLong(16), bytes.getLong(24), bytes.getLong(32), bytes.getLong(40));
            scratch.commitIndex = bytes.getLong(48);
            scratch.startIndex = start ? bytes.getLong(record.length - START_BYTES) : Mark.UNKNOWN;
            reader.mark(scratch);
        } else if (type == REMOVED && record.length == 16) {
            reader.removed(bytes.getLong(8));
        } else {
            throw new IllegalArgumentException(
                    "record type " + type + " with " + record.length + " bytes (expected: a record of version 1)");
        }
    }
}
