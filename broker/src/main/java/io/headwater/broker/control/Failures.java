package io.headwater.broker.control;

import io.headwater.broker.metadata.MetadataUnavailableException;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What clients are told when something fails. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    static Error errorOf(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof RequestFailedException expected) {
            return expected.error();
        }
        if (cause instanceof MetadataUnavailableException unavailable) {
            return Errors.builder(ErrorCode.ERROR_METADATA_UNAVAILABLE, String.valueOf(unavailable.getMessage()))
                    .setUnknownOutcome(!unavailable.isDefinite())
                    .build();
        }
        LOG.error("control: a request failed in a way that nobody foresaw", cause);
        return Errors.of(ErrorCode.ERROR_INTERNAL, "the broker failed: " + cause + "; its log says more");
    }

    static RequestFailedException of(ErrorCode code, String message) {
        return new RequestFailedException(Errors.of(code, message));
    }
}
