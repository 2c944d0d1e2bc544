package io.headwater.storage;

/** A log of the same partition was deleted a moment ago, and is not all gone yet. The same request succeeds soon. */
public final class LogLeavingException extends StorageException {
    public LogLeavingException(String message) {
        super(message);
    }
}
