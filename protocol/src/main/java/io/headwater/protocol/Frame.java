package io.headwater.protocol;

import com.google.protobuf.MessageLite;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * One decoded frame. It owns its attachment: whoever has the frame calls {@link #release} once, or hands the
 * attachment on together with that duty. Not thread-safe, but may be passed between threads.
 */
public final class Frame {
    private final FrameType type;
    private final int flags;
    private final int correlationId;
    private final MessageLite message;
    private final ByteBuf attachment;

    /** Takes the attachment; {@link Unpooled#EMPTY_BUFFER} for none. */
    public Frame(FrameType type, int flags, int correlationId, MessageLite message, ByteBuf attachment) {
        this.type = type;
        this.flags = flags;
        this.correlationId = correlationId;
        this.message = message;
        this.attachment = attachment;
    }

    /** A request without an attachment. */
    public static Frame request(FrameType type, int correlationId, MessageLite message) {
        return new Frame(type, 0, correlationId, message, Unpooled.EMPTY_BUFFER);
    }

    /** A reply without an attachment. */
    public static Frame reply(FrameType type, int correlationId, MessageLite message) {
        return new Frame(type, FrameLayout.FLAG_REPLY, correlationId, message, Unpooled.EMPTY_BUFFER);
    }

    /** A reply that says why the request failed. */
    public static Frame failure(FrameType type, int correlationId, io.headwater.protocol.wire.Error error) {
        int flags = FrameLayout.FLAG_REPLY | FrameLayout.FLAG_ERROR;
        return new Frame(type, flags, correlationId, error, Unpooled.EMPTY_BUFFER);
    }

    /** Takes the attachment. */
    public static Frame push(FrameType type, MessageLite message, ByteBuf attachment) {
        return new Frame(type, FrameLayout.FLAG_PUSH, 0, message, attachment);
    }

    public FrameType type() {
        return type;
    }

    public int flags() {
        return flags;
    }

    public int correlationId() {
        return correlationId;
    }

    public boolean isReply() {
        return (flags & FrameLayout.FLAG_REPLY) != 0;
    }

    /** The message is an {@link io.headwater.protocol.wire.Error}. */
    public boolean isError() {
        return (flags & FrameLayout.FLAG_ERROR) != 0;
    }

    public boolean isPush() {
        return (flags & FrameLayout.FLAG_PUSH) != 0;
    }

    public MessageLite message() {
        return message;
    }

    /** The message as what the type says it is. */
    public <M extends MessageLite> M message(Class<M> as) {
        return as.cast(message);
    }

    /** Lent while the frame is not released; empty where there is none. */
    public ByteBuf attachment() {
        return attachment;
    }

    /** Frees the attachment. Once. */
    public void release() {
        attachment.release();
    }

    @Override
    public String toString() {
        return type + (isError() ? " error" : isReply() ? " reply" : isPush() ? " push" : " request") + " #"
                + correlationId + " (" + attachment.readableBytes() + " attached)";
    }
}
