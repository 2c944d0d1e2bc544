package io.headwater.broker.net;

import com.google.protobuf.MessageLite;

/** Lets tests of other packages look into what was posted. */
public final class Posted {
    private Posted() {}

    /** The reply, or the error. */
    public static MessageLite message(Outgoing frame) {
        return frame.message;
    }
}
