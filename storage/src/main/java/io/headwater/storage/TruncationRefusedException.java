package io.headwater.storage;

/** A log cannot be cut there: it would lose what is known to be committed, or ends before. Nothing has changed. */
public final class TruncationRefusedException extends StorageException {
    public TruncationRefusedException(String message) {
        super(message);
    }
}
