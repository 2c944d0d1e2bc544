package io.headwater.broker.net;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueDeliver;

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

    /** False once closed; then the mailboxes have been told, or will be. */
    boolean isOpen();

    /** Answers a request. */
    default void reply(int correlationId, FrameType type, MessageLite message) {
        post(Outgoing.reply(correlationId, type, message));
        wake();
    }

    /** Answers a request with an error. */
    default void fail(int correlationId, FrameType type, Error error) {
        post(Outgoing.failure(correlationId, type, error));
        wake();
    }

    /** Sends what was not asked for; correlation id 0. */
    default void push(FrameType type, MessageLite message) {
        post(Outgoing.push(type, message));
        wake();
    }

    /**
     * Queues a frame without waking the event loop: an owner posts all of a turn and then calls {@link #wake} once.
     * Takes what the frame carries.
     */
    void post(Outgoing frame);

    /** Makes the event loop write what was posted. */
    void wake();

    /**
     * Whether more deliveries may be posted. False: so many bytes of earlier ones are still on their way that the peer
     * must take some first; then {@link Requests#drained} follows once it has.
     */
    boolean mayDeliver();

    /** Says that the memory of a request that was received here has been given back. */
    void finished(int attachmentBytes);

    /** {@link Deliver} with bytes that were copied. Takes the bytes. */
    default void deliver(Deliver message, CopiedBytes bytes) {
        post(Outgoing.delivery(message, bytes));
    }

    /** {@link QueueDeliver} with bytes that were copied. Takes the bytes. */
    default void deliver(QueueDeliver message, CopiedBytes bytes) {
        post(Outgoing.delivery(message, bytes));
    }

    /** {@link Deliver} with bytes that are lent from a file; they leave without passing through this process. */
    default void deliver(Deliver message, LentBytes bytes) {
        post(Outgoing.delivery(message, bytes));
    }
}
