package io.headwater.storage;

/** Bytes that were said to be the next entries of this log are not. Nothing of the log has changed. */
public final class InvalidEntriesException extends StorageException {
    public InvalidEntriesException(String message) {
        super(message);
    }
}
