package io.headwater.benchmarks.jmh;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameLayout;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.ProtocolVersion;
import io.headwater.protocol.wire.Hello;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Speaks the protocol over a blocking socket with frames built beforehand, and looks at nothing but headers. It
 * allocates nothing while it runs: what {@code -prof gc} shows is then the broker's.
 */
final class RawConnection implements AutoCloseable {
    private static final int TYPE_AT = 4;
    private static final int FLAGS_AT = 5;
    private static final int MESSAGE_LENGTH_AT = 12;
    private static final int RECEIVE_BYTES = 1 << 20;

    private final SocketChannel channel;
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameLayout.HEADER_BYTES);
    private final ByteBuffer body = ByteBuffer.allocateDirect(RECEIVE_BYTES);

    RawConnection(int port) throws IOException {
        channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        Hello hello = Hello.newBuilder()
                .setMinVersion(ProtocolVersion.MIN)
                .setMaxVersion(ProtocolVersion.MAX)
                .setClientName("benchmark")
                .build();
        send(frame(FrameType.HELLO, hello, ByteBuffer.allocate(0)));
        receive();
    }

    /** A whole frame, to be sent any number of times. */
    static ByteBuffer frame(FrameType type, MessageLite message, ByteBuffer attachment) {
        ByteBuf head =
                FrameEncoder.encode(UnpooledByteBufAllocator.DEFAULT, type, 0, 1, message, attachment.remaining());
        ByteBuffer frame = ByteBuffer.allocateDirect(head.readableBytes() + attachment.remaining());
        head.readBytes(frame.limit(head.readableBytes()));
        head.release();
        return frame.limit(frame.capacity()).put(attachment.duplicate()).flip();
    }

    void send(ByteBuffer frame) throws IOException {
        frame.rewind();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    /** Reads one frame, refuses an error, and returns the size of its attachment. */
    int receive() throws IOException {
        fill(header.clear());
        int length = header.getInt(0) - (FrameLayout.HEADER_BYTES - Integer.BYTES);
        int message = header.getInt(MESSAGE_LENGTH_AT);
        int flags = header.get(FLAGS_AT);
        for (int left = length; left > 0; left -= body.limit()) {
            fill(body.clear().limit(Math.min(left, RECEIVE_BYTES)));
        }
        if ((flags & FrameLayout.FLAG_ERROR) != 0) {
            throw new IOException("frame of type " + header.get(TYPE_AT) + " is an error");
        }
        return length - message;
    }

    /** Reads frames until their attachments have brought this much. */
    void receiveAttachments(long bytes) throws IOException {
        for (long left = bytes; left > 0; ) {
            left -= receive();
        }
    }

    private void fill(ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new EOFException("the broker closed the connection");
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
