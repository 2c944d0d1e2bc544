package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import org.jspecify.annotations.Nullable;

/** A request on its way. */
final class Call {
    /** Whether it may be asked again: when its connection was lost before the answer, or the broker said to come back. */
    enum Repeat {
        /** Asking changes nothing. */
        READ,
        /** Asking twice is as good as asking once. */
        SAFE,
        /** Asking twice may do more than asking once: again only where nothing was done. */
        REFUSED,
        /** The asker decides. */
        NEVER
    }

    final FrameType type;
    final MessageLite request;
    final Repeat repeat;
    final long deadlineNs;
    final ReplyHandler handler;
    boolean wasSent;
    /** Of the last attempt. */
    long sentNs;

    Call(FrameType type, MessageLite request, Repeat repeat, long deadlineNs, ReplyHandler handler) {
        this.type = type;
        this.request = request;
        this.repeat = repeat;
        this.deadlineNs = deadlineNs;
        this.handler = handler;
    }

    /** Fails it: definitely where it was never sent or asked only to read, and with an unknown outcome else. */
    void fail(@Nullable HeadwaterException definite, String why) {
        if (!wasSent && definite != null) {
            handler.failed(definite);
        } else if (repeat == Repeat.READ) {
            handler.failed(new HeadwaterException.Retriable(WireErrors.TIMEOUT, type + ": " + why));
        } else {
            handler.failed(new HeadwaterException.OutcomeUnknown(WireErrors.CONNECTION_LOST, type + ": " + why));
        }
    }
}
