package io.headwater.broker.control;

import com.google.protobuf.MessageLite;
import io.headwater.broker.net.TestConnection;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Keeps what is sent to it. */
final class FakeConnection extends TestConnection {
    private final Map<Integer, MessageLite> replies = new HashMap<>();
    private final Map<Integer, Error> failures = new HashMap<>();
    final Queue<MessageLite> pushes = new ArrayDeque<>();
    final List<String> order = new ArrayList<>();
    boolean open = true;

    FakeConnection(long id) {
        super(id, "client-" + id);
    }

    @Nullable
    MessageLite replyTo(int correlationId) {
        return replies.get(correlationId);
    }

    @Nullable
    Error failureOf(int correlationId) {
        return failures.get(correlationId);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void reply(int correlationId, FrameType type, MessageLite message) {
        check(replies.put(correlationId, message) == null && !failures.containsKey(correlationId), correlationId);
        order.add("reply " + correlationId);
    }

    @Override
    public void fail(int correlationId, FrameType type, Error error) {
        check(failures.put(correlationId, error) == null && !replies.containsKey(correlationId), correlationId);
        order.add("failure " + correlationId);
    }

    private static void check(boolean first, int correlationId) {
        if (!first) {
            throw new AssertionError("request " + correlationId + " was answered twice");
        }
    }

    @Override
    public void push(FrameType type, MessageLite message) {
        pushes.add(message);
        order.add("push " + type);
    }
}
