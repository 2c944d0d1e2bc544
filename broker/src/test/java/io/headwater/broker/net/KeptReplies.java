package io.headwater.broker.net;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.wire.Error;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** A connection whose replies are handed to whoever asked. */
public final class KeptReplies implements Connection {
    private final Map<Integer, Consumer<MessageLite>> waiting = new HashMap<>();
    private int nextId = 1;

    /** @param answered hears of the reply, which is an {@link Error} where the request failed; never, if none comes */
    public int expect(Consumer<MessageLite> answered) {
        waiting.put(nextId, answered);
        return nextId++;
    }

    /** No reply comes any more: the broker has gone. */
    public void forget() {
        waiting.clear();
    }

    @Override
    public void post(Outgoing frame) {
        Consumer<MessageLite> answered = waiting.remove(frame.correlationId);
        if (answered == null) {
            throw new AssertionError("nobody waits for " + frame);
        }
        answered.accept(frame.message);
    }

    @Override
    public long id() {
        return 1;
    }

    @Override
    public String address() {
        return "127.0.0.1:1";
    }

    @Override
    public String clientName() {
        return "operator";
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void wake() {}

    @Override
    public boolean mayDeliver() {
        return true;
    }

    @Override
    public void finished(int attachmentBytes) {}
}
