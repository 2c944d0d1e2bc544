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
        /** The same, and not where a broker is overloaded or shuts down. */
        NEVER
    }

    final long target;
    final FrameType type;
    final MessageLite request;
    final Repeat repeat;
    final long deadlineNs;
    final ReplyHandler handler;
    /** Of the last attempt. */
    @Nullable
    Session session;

    long sentNs;
    /** On one connection and no other: its asker decides what follows. */
    boolean isOnce;
    /** An attempt is not answered yet. */
    boolean isOpen;
    /** An attempt has ended without an answer. */
    boolean isUnsure;

    Call(FrameType type, MessageLite request, Repeat repeat, long deadlineNs, ReplyHandler handler) {
        this.target = Target.of(type, request);
        this.type = type;
        this.request = request;
        this.repeat = repeat;
        this.deadlineNs = deadlineNs;
        this.handler = handler;
    }

    /** What is not known to have failed may be asked again. */
    boolean mayRepeatUnanswered() {
        return repeat == Repeat.READ || repeat == Repeat.SAFE;
    }

    /** The attempt has ended without an answer, and another will follow. */
    void unanswered() {
        isOpen = false;
        isUnsure = true;
    }

    /** Fails it: definitely where nothing is open or it asked only to read, and with an unknown outcome else. */
    void fail(@Nullable HeadwaterException definite, String why) {
        if (!isOpen && !isUnsure && definite != null) {
            handler.failed(definite);
        } else if (repeat == Repeat.READ) {
            handler.failed(new HeadwaterException.Retriable(WireErrors.TIMEOUT, type + ": " + why));
        } else {
            handler.failed(new HeadwaterException.OutcomeUnknown(WireErrors.CONNECTION_LOST, type + ": " + why));
        }
    }
}
