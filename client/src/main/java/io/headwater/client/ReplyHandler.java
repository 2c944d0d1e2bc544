package io.headwater.client;

import com.google.protobuf.MessageLite;

/** What becomes of a request: exactly one of the two, once, on the loop. */
interface ReplyHandler {
    void replied(MessageLite reply);

    void failed(HeadwaterException why);
}
