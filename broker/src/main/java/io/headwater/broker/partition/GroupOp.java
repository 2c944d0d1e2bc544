package io.headwater.broker.partition;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/**
 * One operation of a stream group on its position. Several travel in one GROUP_OPS entry:
 *
 * <pre>
 *  0              1            5
 * +--------------+------------+--------------------------------------------------------------+
 * | version u8=1 | count i32  | count × [ kind u8 | group i32 | offset i64 | time i64, ms ]  |
 * +--------------+------------+--------------------------------------------------------------+
 * </pre>
 */
record GroupOp(Kind kind, int groupId, long offset, long timeMs) {
    static final int VERSION = 1;
    private static final int HEADER_BYTES = 5;
    private static final int OP_BYTES = 21;

    /** The id is on the disk; never reused. */
    enum Kind {
        COMMIT(1),
        SEEK(2),
        FORGET(3);

        final byte id;

        Kind(int id) {
            this.id = (byte) id;
        }

        static Kind of(byte id) {
            for (Kind kind : values()) {
                if (kind.id == id) {
                    return kind;
                }
            }
            throw new UnknownFormatException("group operation: " + id + " (expected: 1 to 3)");
        }
    }

    static ByteBuffer encode(List<GroupOp> ops) {
        ByteBuffer payload = ByteBuffer.allocate(HEADER_BYTES + ops.size() * OP_BYTES);
        payload.put((byte) VERSION).putInt(ops.size());
        for (GroupOp op : ops) {
            payload.put(op.kind.id).putInt(op.groupId).putLong(op.offset).putLong(op.timeMs);
        }
        return payload.flip();
    }

    /** Borrows the payload, position to limit. */
    static void decode(ByteBuffer payload, Consumer<GroupOp> to) {
        int version = payload.get();
        if (version != VERSION) {
            throw new UnknownFormatException("group operations: version " + version + " (expected: " + VERSION + ")");
        }
        int count = payload.getInt();
        for (int i = 0; i < count; i++) {
            to.accept(new GroupOp(Kind.of(payload.get()), payload.getInt(), payload.getLong(), payload.getLong()));
        }
    }
}
