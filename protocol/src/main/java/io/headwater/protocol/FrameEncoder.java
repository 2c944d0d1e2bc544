package io.headwater.protocol;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes what stands in front of an attachment: the header and the message. The attachment follows as its own write (a
 * buffer, or a region of a file), so that batches leave without being copied.
 */
public final class FrameEncoder {
    private FrameEncoder() {}

    /** Header and message in one buffer, for a frame without an attachment. The caller owns the result. */
    public static ByteBuf encode(
            ByteBufAllocator alloc, FrameType type, int flags, int correlationId, MessageLite message) {
        return encode(alloc, type, flags, correlationId, message, 0);
    }

    /**
     * Header and message in one buffer. The caller owns the result, and writes exactly {@code attachmentBytes} behind
     * it.
     */
    public static ByteBuf encode(
            ByteBufAllocator alloc,
            FrameType type,
            int flags,
            int correlationId,
            MessageLite message,
            int attachmentBytes) {
        int messageBytes = message.getSerializedSize();
        int size = FrameLayout.HEADER_BYTES + messageBytes;
        int length = Math.addExact(size - FrameLayout.LENGTH_BYTES, attachmentBytes);
        ByteBuf out = alloc.directBuffer(size, size);
        try {
            out.writeInt(length);
            out.writeByte(type.id());
            out.writeByte(flags);
            out.writeShort(0);
            out.writeInt(correlationId);
            out.writeInt(messageBytes);
            if (messageBytes > 0) {
                writeMessage(out, message, messageBytes);
            }
            return out;
        } catch (IOException | RuntimeException e) {
            out.release();
            throw new IllegalStateException("frame " + type + ": a message does not fit its own size", e);
        }
    }

    private static void writeMessage(ByteBuf out, MessageLite message, int messageBytes) throws IOException {
        ByteBuffer target = out.internalNioBuffer(out.writerIndex(), messageBytes);
        CodedOutputStream stream = CodedOutputStream.newInstance(target);
        message.writeTo(stream);
        stream.flush();
        out.writerIndex(out.writerIndex() + messageBytes);
    }
}
