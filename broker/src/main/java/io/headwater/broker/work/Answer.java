package io.headwater.broker.work;

import com.google.protobuf.MessageLite;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The reply to a request, which leaves when what it says is durable. */
public final class Answer<M extends MessageLite> implements Departure {
    private final Connection connection;
    private final int correlationId;
    private final FrameType type;
    private @Nullable M message;
    private @Nullable Error refusal;

    public Answer(Connection connection, int correlationId, FrameType type) {
        this.connection = connection;
        this.correlationId = correlationId;
        this.type = type;
    }

    public Answer<M> with(M reply) {
        message = reply;
        return this;
    }

    /** In place of a reply. */
    Answer<M> with(Error error) {
        refusal = error;
        return this;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public void leave() {
        if (refusal != null) {
            failed(refusal);
            return;
        }
        connection.post(Outgoing.reply(correlationId, type, Objects.requireNonNull(message)));
    }

    @Override
    public void failed(Error error) {
        connection.post(Outgoing.failure(correlationId, type, error));
    }
}
