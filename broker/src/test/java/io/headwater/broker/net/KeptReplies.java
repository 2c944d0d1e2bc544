package io.headwater.broker.net;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.wire.Error;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** A connection whose replies are handed to whoever asked. */
public final class KeptReplies extends TestConnection {
    private final Map<Integer, Consumer<MessageLite>> waiting = new HashMap<>();
    private int nextId = 1;

    public KeptReplies() {
        super(1, "operator");
    }

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
}
