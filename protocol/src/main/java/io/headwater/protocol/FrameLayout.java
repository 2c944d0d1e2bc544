package io.headwater.protocol;

/**
 * Where each byte of a frame stands. Big endian.
 *
 * <pre>
 *  0               4       5       6               8               12              16
 * +---------------+-------+-------+---------------+---------------+---------------+----------+-------------+
 * | length    u32 | type  | flags | reserved  u16 | correlation   | message length| message  | attachment  |
 * | what follows  | u8    | u8    | zero          | i32           | i32           | Protobuf | raw bytes   |
 * +---------------+-------+-------+---------------+---------------+---------------+----------+-------------+
 * </pre>
 *
 * The attachment is whatever the length leaves after the message. It carries record batches, which are never part of a
 * message, so that they are neither copied nor parsed on their way between socket and disk.
 */
public final class FrameLayout {
    /** Everything in front of the message. */
    public static final int HEADER_BYTES = 16;

    static final int LENGTH = 0;
    static final int TYPE = 4;
    static final int FLAGS = 5;
    static final int RESERVED = 6;
    static final int CORRELATION = 8;
    static final int MESSAGE_LENGTH = 12;

    /** The length field itself is not counted by it. */
    static final int LENGTH_BYTES = 4;

    /** Answers the request with the same type and correlation id. */
    public static final int FLAG_REPLY = 1;

    /** Together with {@link #FLAG_REPLY}: the message is an {@code Error}. */
    public static final int FLAG_ERROR = 2;

    /** Sent by the broker without being asked; the correlation id is 0. */
    public static final int FLAG_PUSH = 4;

    static final int KNOWN_FLAGS = FLAG_REPLY | FLAG_ERROR | FLAG_PUSH;

    /** No frame may be larger before the handshake has completed. */
    public static final int MAX_FRAME_BYTES_BEFORE_HANDSHAKE = 8 * 1024;

    /** What a broker allows after the handshake where its configuration says nothing else. */
    public static final int DEFAULT_MAX_FRAME_BYTES = 8 * 1024 * 1024;

    /** The most message bytes of a request: parsed messages take many times their bytes, so the bound is tight. */
    public static final int MAX_REQUEST_MESSAGE_BYTES = 1024 * 1024;

    private FrameLayout() {}
}
