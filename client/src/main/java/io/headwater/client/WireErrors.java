package io.headwater.client;

import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.SettleProblem;

/** Makes this client's exceptions of what the broker says, and of what happens on the way to it. */
final class WireErrors {
    static final String UNREACHABLE = "UNREACHABLE";
    static final String TIMEOUT = "TIMEOUT";
    static final String CLOSED = "CLOSED";
    static final String CONNECTION_LOST = "CONNECTION_LOST";
    static final String CORRUPT_BATCH = "CORRUPT_BATCH";
    static final String OUT_OF_ORDER_DELIVERY = "OUT_OF_ORDER_DELIVERY";

    private WireErrors() {}

    static HeadwaterException exception(Error error) {
        String code = Errors.name(error.getCode());
        if (error.getUnknownOutcome()) {
            return new HeadwaterException.OutcomeUnknown(code, error.getMessage());
        }
        if (error.getRetriable()) {
            return new HeadwaterException.Retriable(code, error.getMessage());
        }
        if (error.getCode() == ErrorCode.ERROR_OFFSET_OUT_OF_RANGE) {
            return new HeadwaterException.Rejected(
                    code, error.getMessage(), error.getValidFrom(), error.getValidUntil());
        }
        return new HeadwaterException.Rejected(code, error.getMessage());
    }

    static HeadwaterException stale(String lease, SettleProblem problem) {
        RecordState state = QueueWire.state(problem.getState());
        return new HeadwaterException.StaleLease(
                "the lease of " + lease + " is not valid any more: it ended, or the record was settled otherwise; the"
                        + " record is " + state + " now",
                state);
    }

    static HeadwaterException closed(String what) {
        return new HeadwaterException.Rejected(CLOSED, what + " is closed");
    }
}
