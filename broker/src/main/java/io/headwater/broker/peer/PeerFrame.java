package io.headwater.broker.peer;

import com.google.protobuf.MessageLite;
import java.nio.ByteBuffer;

/**
 * What came in.
 *
 * @param attachment on the heap; the receiver's
 */
record PeerFrame(MessageLite message, ByteBuffer attachment) {}
