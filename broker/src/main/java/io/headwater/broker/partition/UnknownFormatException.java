package io.headwater.broker.partition;

/** An entry that is whole, and that this version of the software cannot read: a later one has written it. */
final class UnknownFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownFormatException(String message) {
        super(message);
    }
}
