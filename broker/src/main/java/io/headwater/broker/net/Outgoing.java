package io.headwater.broker.net;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameLayout;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueDeliver;
import org.jspecify.annotations.Nullable;

/** A frame on its way out. Owns what it carries until it is written or discarded. */
public final class Outgoing {
    final FrameType type;
    final int flags;
    final int correlationId;
    final MessageLite message;
    final @Nullable CopiedBytes copied;
    final @Nullable LentBytes lent;

    private Outgoing(
            FrameType type,
            int flags,
            int correlationId,
            MessageLite message,
            @Nullable CopiedBytes copied,
            @Nullable LentBytes lent) {
        this.type = type;
        this.flags = flags;
        this.correlationId = correlationId;
        this.message = message;
        this.copied = copied;
        this.lent = lent;
    }

    public static Outgoing reply(int correlationId, FrameType type, MessageLite message) {
        return new Outgoing(type, FrameLayout.FLAG_REPLY, correlationId, message, null, null);
    }

    public static Outgoing failure(int correlationId, FrameType type, Error error) {
        return new Outgoing(type, FrameLayout.FLAG_REPLY | FrameLayout.FLAG_ERROR, correlationId, error, null, null);
    }

    public static Outgoing push(FrameType type, MessageLite message) {
        return new Outgoing(type, FrameLayout.FLAG_PUSH, 0, message, null, null);
    }

    static Outgoing delivery(Deliver message, CopiedBytes bytes) {
        return new Outgoing(FrameType.DELIVER, FrameLayout.FLAG_PUSH, 0, message, bytes, null);
    }

    static Outgoing delivery(QueueDeliver message, CopiedBytes bytes) {
        return new Outgoing(FrameType.QUEUE_DELIVER, FrameLayout.FLAG_PUSH, 0, message, bytes, null);
    }

    static Outgoing delivery(Deliver message, LentBytes bytes) {
        return new Outgoing(FrameType.DELIVER, FrameLayout.FLAG_PUSH, 0, message, null, bytes);
    }

    @Override
    public String toString() {
        return type + " #" + correlationId + " (" + attachmentBytes() + " attached)";
    }

    boolean isReply() {
        return (flags & FrameLayout.FLAG_REPLY) != 0;
    }

    int attachmentBytes() {
        if (copied != null) {
            return copied.size();
        }
        return lent != null ? lent.size() : 0;
    }

    /** The part of the attachment that takes this process's memory. */
    int copiedBytes() {
        return copied == null ? 0 : copied.size();
    }

    /** Gives back what it carries, unsent. */
    void discard() {
        if (copied != null) {
            copied.release();
        }
        if (lent != null) {
            lent.giveBack();
        }
    }
}
