package io.headwater.broker.net;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;

/**
 * A client's connection, as the owners see it. Every method may be called from any thread, never blocks, and is a no-op
 * once the connection is closed: whoever replies need not know whether somebody still listens. What one thread sends
 * arrives in the order in which it was sent.
 */
public interface Connection {
    /** Unique in the life of this broker. */
    long id();

    /** The peer's address, for people. */
    String address();

    /** As said in the handshake; free text by a user: escape it. */
    String clientName();

    /** Answers a request. */
    void reply(int correlationId, FrameType type, MessageLite message);

    /** Answers a request with an error. */
    void fail(int correlationId, FrameType type, Error error);

    /** Sends what was not asked for; correlation id 0. */
    void push(FrameType type, MessageLite message);

    /** False once closed; then a mailbox has got, or will get, {@link ControlMailbox#closed}. */
    boolean isOpen();
}
