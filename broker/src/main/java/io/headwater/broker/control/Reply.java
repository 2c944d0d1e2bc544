package io.headwater.broker.control;

import com.google.protobuf.MessageLite;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.FrameType;
import java.util.concurrent.CompletionStage;

/** Where the answer to one request goes. */
record Reply(Connection connection, int correlationId, FrameType type) {
    void send(MessageLite message) {
        connection.reply(correlationId, type, message);
    }

    void fail(Throwable failure) {
        connection.fail(correlationId, type, Failures.errorOf(failure));
    }

    /** Answers with the stage's value, or says why there is none. */
    void sendWhenDone(CompletionStage<? extends MessageLite> stage) {
        stage.whenComplete((message, failure) -> {
            if (failure != null) {
                fail(failure);
            } else {
                send(message);
            }
        });
    }

    /** A handler of one kind of request: answers now, later, or throws what is wrong with it. */
    @FunctionalInterface
    interface Handler<M> {
        void handle(M message, Reply reply) throws RequestFailedException;
    }
}
