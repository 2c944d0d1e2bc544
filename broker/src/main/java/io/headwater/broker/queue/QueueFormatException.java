package io.headwater.broker.queue;

/** Operations or a snapshot that are whole, and that this version cannot read: a later one has written them. */
public final class QueueFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QueueFormatException(String message) {
        super(message);
    }
}
