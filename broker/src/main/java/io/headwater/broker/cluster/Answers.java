package io.headwater.broker.cluster;

import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.Proposed;
import io.headwater.protocol.wire.ErrorCode;
import java.io.IOException;
import java.net.ConnectException;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What brokers answer each other, put into words. */
final class Answers {
    private Answers() {}

    static PeerMessage failure(String why) {
        return PeerMessage.newBuilder().setFailure(why).build();
    }

    /** Why there is no answer; null: there is one. */
    static @Nullable String problem(@Nullable PeerMessage answer, @Nullable Throwable failure) {
        if (failure != null) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            return cause instanceof IOException && cause.getMessage() != null ? cause.getMessage() : cause.toString();
        }
        if (answer == null) {
            return "an empty answer";
        }
        return answer.getFailure().isEmpty() ? null : answer.getFailure();
    }

    /** Whether the question certainly did not arrive: there was no connection to send it over. */
    static boolean isUnsent(@Nullable Throwable failure) {
        return failure instanceof ConnectException
                || (failure instanceof CompletionException && failure.getCause() instanceof ConnectException);
    }

    static Proposed.Result result(Outcome outcome) {
        if (outcome instanceof Outcome.Committed committed) {
            return Proposed.Result.newBuilder()
                    .setIndex(committed.index())
                    .setId(committed.id())
                    .addAllTook(committed.took())
                    .build();
        }
        Outcome.Refused refused = (Outcome.Refused) outcome;
        return Proposed.Result.newBuilder()
                .setRefused(refused.code().getNumber())
                .setRefusal(refused.message())
                .build();
    }

    static Outcome.Refused refused(Proposed.Result result) {
        ErrorCode code = ErrorCode.forNumber(result.getRefused());
        return new Outcome.Refused(code == null ? ErrorCode.ERROR_INVALID_REQUEST : code, result.getRefusal());
    }
}
