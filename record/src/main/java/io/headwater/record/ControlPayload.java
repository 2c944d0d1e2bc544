package io.headwater.record;

import java.nio.ByteBuffer;

/** The payloads of the control entries that replication makes; docs/storage-format.md has their layout. */
public final class ControlPayload {
    private static final byte EPOCH_START_VERSION = 1;
    private static final byte CONFIG_MARK_VERSION = 1;
    private static final byte LOSS_MARKER_VERSION = 1;

    private ControlPayload() {}

    /** Of an {@link EntryKind#EPOCH_START} entry. */
    public static ByteBuffer epochStart() {
        return ByteBuffer.wrap(new byte[] {EPOCH_START_VERSION});
    }

    /** Of a {@link EntryKind#CONFIG_MARK} entry. */
    public static ByteBuffer configurationMark(int configurationVersion) {
        return ByteBuffer.allocate(1 + Integer.BYTES)
                .put(CONFIG_MARK_VERSION)
                .putInt(configurationVersion)
                .flip();
    }

    /** Of a {@link EntryKind#LOSS_MARKER} entry. */
    public static ByteBuffer lossMarker() {
        return ByteBuffer.wrap(new byte[] {LOSS_MARKER_VERSION});
    }
}
