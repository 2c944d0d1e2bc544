package io.headwater.client.link;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * At most one connection, to one broker. Everything is called on the {@link Loop}, and nothing blocks.
 *
 * <p>What must not happen: a listener that is told {@code connected} or {@code received} after {@code disconnected} of
 * the same connection; two {@code disconnected} for one {@link #connect}; attachments that are not released.
 */
public interface Link {
    /** Starts to connect. The listener is told the outcome: {@code connected}, or {@code disconnected}. */
    void connect(LinkListener listener);

    /** From here on frames of this size are accepted from the broker. */
    void handshaken(int maxFrameBytes);

    /** Queues a request; takes the attachments, which follow the message in their order. */
    void send(FrameType type, int correlationId, MessageLite message, List<ByteBuf> attachments);

    /** Hands what is queued to the socket. */
    void flush();

    /** False while more is queued than a socket should have waiting; the listener is told when that ends. */
    boolean isWritable();

    /** Drops the connection, if there is one; its listener hears {@code disconnected}. */
    void disconnect(String why);
}
