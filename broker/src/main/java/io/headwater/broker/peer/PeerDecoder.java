package io.headwater.broker.peer;

import static io.headwater.broker.peer.BadPeerMessageException.require;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.protocol.ReceivedBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;

/**
 * Turns what a socket gives into {@link PeerFrame}s. Memory follows the bytes received, never a length that a peer claims.
 * A frame that breaks the rules is reported once, as a {@link BadPeerMessageException} through {@code exceptionCaught};
 * what follows it is thrown away. One per connection, on its event loop.
 */
final class PeerDecoder extends ChannelInboundHandlerAdapter {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final ReceivedBytes received = new ReceivedBytes();
    private Parser<? extends MessageLite> parser;
    private int maxFrameBytes = PeerFrames.MAX_HANDSHAKE_BYTES;
    private int frameBytes = -1;
    private boolean failed;

    /** @param first what the first frame holds */
    PeerDecoder(Parser<? extends MessageLite> first) {
        this.parser = first;
    }

    /** From the next frame on, each holds a {@link PeerMessage}. Also from within the handling of the first one. */
    void handshaken(int maxBytes) {
        parser = PeerMessage.parser();
        maxFrameBytes = maxBytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf bytes = (ByteBuf) msg;
        if (failed || !bytes.isReadable()) {
            bytes.release();
            return;
        }
        received.add(bytes, ctx.alloc());
        try {
            decodeAll(ctx);
        } catch (BadPeerMessageException e) {
            stop();
            ctx.fireExceptionCaught(e);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stop();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        stop();
    }

    /** Nothing more comes out of this. */
    void stop() {
        failed = true;
        received.clear();
    }

    private void decodeAll(ChannelHandlerContext ctx) {
        while (!failed) {
            if (frameBytes < 0) {
                if (received.readableBytes() < PeerFrames.LENGTH_BYTES) {
                    return;
                }
                int length = received.peekInt();
                int most = maxFrameBytes - PeerFrames.LENGTH_BYTES;
                require(
                        length >= PeerFrames.HEADER_BYTES - PeerFrames.LENGTH_BYTES && length <= most,
                        "frame length",
                        Integer.toUnsignedString(length),
                        "4 to " + most + "; network.frame-bytes must be the same on all brokers");
                frameBytes = length + PeerFrames.LENGTH_BYTES;
            }
            if (received.readableBytes() < frameBytes) {
                return;
            }
            PeerFrame frame = decode(frameBytes, ctx.alloc());
            frameBytes = -1;
            ctx.fireChannelRead(frame);
        }
    }

    private PeerFrame decode(int bytes, ByteBufAllocator alloc) {
        ByteBuf header = received.take(PeerFrames.HEADER_BYTES, alloc);
        int messageBytes = header.getInt(header.readerIndex() + PeerFrames.LENGTH_BYTES);
        header.release();
        int room = bytes - PeerFrames.HEADER_BYTES;
        require(messageBytes >= 0 && messageBytes <= room, "message length", messageBytes, "0 to " + room);
        MessageLite message = parse(messageBytes, alloc);
        if (messageBytes == room) {
            return new PeerFrame(message, NOTHING);
        }
        byte[] attachment = new byte[room - messageBytes];
        received.take(attachment);
        return new PeerFrame(message, ByteBuffer.wrap(attachment));
    }

    private MessageLite parse(int messageBytes, ByteBufAllocator alloc) {
        try {
            if (messageBytes == 0) {
                return parser.parseFrom(ByteString.EMPTY);
            }
            ByteBuf bytes = received.take(messageBytes, alloc);
            try {
                CodedInputStream in =
                        CodedInputStream.newInstance(bytes.internalNioBuffer(bytes.readerIndex(), messageBytes));
                MessageLite message = parser.parseFrom(in);
                in.checkLastTagWas(0);
                return message;
            } finally {
                bytes.release();
            }
        } catch (InvalidProtocolBufferException e) {
            throw new BadPeerMessageException("message: " + e.getMessage());
        }
    }
}
