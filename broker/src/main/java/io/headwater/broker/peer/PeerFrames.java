package io.headwater.broker.peer;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The layout of a frame, big endian.
 *
 * <pre>
 * 0  4  length of what follows
 * 4  4  length of the message
 * 8     message (protobuf), then the attachment up to the end
 * </pre>
 */
final class PeerFrames {
    static final int LENGTH_BYTES = 4;
    static final int HEADER_BYTES = 8;
    /** Of a frame before the handshake. */
    static final int MAX_HANDSHAKE_BYTES = 8 * 1024;

    private PeerFrames() {}

    /**
     * A whole frame in one pooled buffer, which is the caller's. Position to limit of each attachment is copied.
     *
     * @throws IllegalArgumentException if it is larger than a frame may be
     */
    static ByteBuf encode(MessageLite message, List<ByteBuffer> attachment, int maxFrameBytes) {
        int messageBytes = message.getSerializedSize();
        long size = (long) HEADER_BYTES + messageBytes;
        for (int i = 0; i < attachment.size(); i++) {
            size += attachment.get(i).remaining();
        }
        if (size > maxFrameBytes) {
            throw new IllegalArgumentException("frame: " + size + " bytes (expected: at most " + maxFrameBytes + ")");
        }
        ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer((int) size, (int) size);
        out.writeInt((int) size - LENGTH_BYTES);
        out.writeInt(messageBytes);
        try {
            CodedOutputStream stream = CodedOutputStream.newInstance(out.internalNioBuffer(HEADER_BYTES, messageBytes));
            message.writeTo(stream);
            stream.flush();
        } catch (IOException e) {
            out.release();
            throw new IllegalStateException("a message does not fit its own size", e);
        }
        out.writerIndex(HEADER_BYTES + messageBytes);
        for (int i = 0; i < attachment.size(); i++) {
            out.writeBytes(attachment.get(i).duplicate());
        }
        return out;
    }
}
