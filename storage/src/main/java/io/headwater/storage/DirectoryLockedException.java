package io.headwater.storage;

/** Another process, or another part of this one, works on the data directory. */
public final class DirectoryLockedException extends StorageException {
    public DirectoryLockedException(String message) {
        super(message);
    }
}
