package io.headwater.record;

/**
 * Bytes that are not what they claim to be. The message says what was found and what was expected. Thrown on hostile or
 * damaged input only, so it carries no stack trace: a flood of bad batches must not cost more than good ones.
 */
@SuppressWarnings("serial")
public final class InvalidBatchException extends Exception {
    public InvalidBatchException(String message) {
        super(message, null, false, false);
    }
}
