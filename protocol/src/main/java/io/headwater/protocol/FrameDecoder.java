package io.headwater.protocol;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a socket gives into {@link Frame}s, and fires them up the pipeline; the next handler owns them.
 *
 * <p>Memory follows the bytes received, never a length that a peer claims, and is bounded by the largest frame. A frame
 * that breaks the rules is reported once, as a {@link FrameException} through {@code exceptionCaught}; everything after
 * it is thrown away. The next handler says goodbye and closes.
 *
 * <p>Not shareable: one per connection, on its event loop.
 */
public final class FrameDecoder extends ChannelInboundHandlerAdapter {
    private static final int CLIENT_MESSAGE_BYTES = 64 * 1024 * 1024;

    /** Which end of the connection reads. */
    private enum Side {
        BROKER,
        CLIENT
    }

    private final Side side;
    private final int maxMessageBytes;
    private final ReceivedBytes received = new ReceivedBytes();
    private int maxFrameBytes = FrameLayout.MAX_FRAME_BYTES_BEFORE_HANDSHAKE;
    private int frameBytes = -1;
    private boolean failed;
    private boolean fired;

    private FrameDecoder(Side side, int maxMessageBytes) {
        this.side = side;
        this.maxMessageBytes = maxMessageBytes;
    }

    /** Reads requests. */
    public static FrameDecoder ofRequests() {
        return new FrameDecoder(Side.BROKER, FrameLayout.MAX_REQUEST_MESSAGE_BYTES);
    }

    /** Reads replies and pushes. */
    public static FrameDecoder ofReplies() {
        return new FrameDecoder(Side.CLIENT, CLIENT_MESSAGE_BYTES);
    }

    /**
     * The peers have shaken hands: from the next frame on, frames up to this size are accepted. On the event loop;
     * also from within the handling of the frame that completes the handshake.
     */
    public void handshaken(int maxBytes) {
        maxFrameBytes = maxBytes;
    }

    /** How many bytes of a frame that has not arrived completely are held. On the event loop. */
    public int pendingBytes() {
        return received.readableBytes();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (!(msg instanceof ByteBuf bytes)) {
            ctx.fireChannelRead(msg);
            return;
        }
        if (failed || !bytes.isReadable()) {
            bytes.release();
            return;
        }
        received.add(bytes, ctx.alloc());
        try {
            decodeAll(ctx);
        } catch (FrameException e) {
            failed = true;
            received.clear();
            ctx.fireExceptionCaught(e);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // A reader that asks for one read at a time still gets its frame when it took several reads to arrive.
        boolean hungry = !fired && !failed && !ctx.channel().config().isAutoRead();
        fired = false;
        if (hungry) {
            ctx.read();
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        failed = true;
        received.clear();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        failed = true;
        received.clear();
    }

    private void decodeAll(ChannelHandlerContext ctx) {
        while (!failed) {
            if (frameBytes < 0) {
                if (received.readableBytes() < FrameLayout.LENGTH_BYTES) {
                    return;
                }
                frameBytes = checkedFrameBytes(received.peekInt());
            }
            if (received.readableBytes() < frameBytes) {
                return;
            }
            ByteBuf frame = received.take(frameBytes, ctx.alloc());
            frameBytes = -1;
            Frame decoded = decode(frame);
            fired = true;
            ctx.fireChannelRead(decoded);
        }
    }

    private int checkedFrameBytes(int length) {
        if (length < FrameLayout.HEADER_BYTES - FrameLayout.LENGTH_BYTES) {
            throw new FrameException(
                    length < 0 ? ErrorCode.ERROR_FRAME_TOO_LARGE : ErrorCode.ERROR_INVALID_REQUEST,
                    "frame length: " + Integer.toUnsignedString(length) + " (expected: 12 to "
                            + (maxFrameBytes - FrameLayout.LENGTH_BYTES) + ")");
        }
        if (length > maxFrameBytes - FrameLayout.LENGTH_BYTES) {
            throw new FrameException(
                    ErrorCode.ERROR_FRAME_TOO_LARGE,
                    "frame length: " + length + " (expected: 12 to " + (maxFrameBytes - FrameLayout.LENGTH_BYTES)
                            + ")");
        }
        return length + FrameLayout.LENGTH_BYTES;
    }

    /** Takes the frame's bytes. */
    private Frame decode(ByteBuf bytes) {
        boolean kept = false;
        try {
            int start = bytes.readerIndex();
            int flags = bytes.getUnsignedByte(start + FrameLayout.FLAGS);
            FrameType type = typeOf(bytes.getUnsignedByte(start + FrameLayout.TYPE));
            Parser<? extends MessageLite> parser = parserOf(type, flags);
            int reserved = bytes.getUnsignedShort(start + FrameLayout.RESERVED);
            if (reserved != 0) {
                throw new FrameException(
                        ErrorCode.ERROR_INVALID_REQUEST, "frame reserved bytes: " + reserved + " (expected: 0)");
            }
            int messageBytes = bytes.getInt(start + FrameLayout.MESSAGE_LENGTH);
            int room = bytes.readableBytes() - FrameLayout.HEADER_BYTES;
            if (messageBytes < 0 || messageBytes > room || messageBytes > maxMessageBytes) {
                throw new FrameException(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "frame message length: " + messageBytes + " (expected: 0 to " + Math.min(room, maxMessageBytes)
                                + ")");
            }
            int correlationId = bytes.getInt(start + FrameLayout.CORRELATION);
            bytes.skipBytes(FrameLayout.HEADER_BYTES);
            MessageLite message = parse(parser, type, bytes, messageBytes);
            bytes.skipBytes(messageBytes);
            kept = bytes.isReadable();
            return new Frame(type, flags, correlationId, message, kept ? bytes : Unpooled.EMPTY_BUFFER);
        } finally {
            if (!kept) {
                bytes.release();
            }
        }
    }

    private static FrameType typeOf(int id) {
        FrameType type = FrameType.byId(id);
        if (type == null) {
            throw new FrameException(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "frame type: " + id + " (expected: a type of protocol version " + ProtocolVersion.MAX + ")");
        }
        return type;
    }

    private Parser<? extends MessageLite> parserOf(FrameType type, int flags) {
        @Nullable Parser<? extends MessageLite> parser = null;
        if (side == Side.BROKER) {
            parser = flags == 0 ? type.request() : null;
        } else if (flags == FrameLayout.FLAG_REPLY) {
            parser = type.reply();
        } else if (flags == (FrameLayout.FLAG_REPLY | FrameLayout.FLAG_ERROR)) {
            parser = Error.parser();
        } else if (flags == FrameLayout.FLAG_PUSH) {
            parser = type.push();
        }
        if (parser == null) {
            throw new FrameException(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "frame flags: " + flags + " of " + type + " (expected: "
                            + (side == Side.BROKER ? "a request" : "a reply or a push") + ")");
        }
        return parser;
    }

    private static MessageLite parse(
            Parser<? extends MessageLite> parser, FrameType type, ByteBuf bytes, int messageBytes) {
        try {
            CodedInputStream in =
                    CodedInputStream.newInstance(bytes.internalNioBuffer(bytes.readerIndex(), messageBytes));
            MessageLite message = parser.parseFrom(in);
            in.checkLastTagWas(0);
            return message;
        } catch (InvalidProtocolBufferException e) {
            throw new FrameException(ErrorCode.ERROR_INVALID_REQUEST, "message of " + type + ": " + e.getMessage());
        }
    }
}
