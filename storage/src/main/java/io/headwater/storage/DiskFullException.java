package io.headwater.storage;

import org.jspecify.annotations.Nullable;

/**
 * The file system has no room (or no quota) for these bytes. Definite: what was asked for did not happen, and the same
 * request may succeed once there is room again.
 */
public final class DiskFullException extends StorageException {
    public DiskFullException(String message) {
        super(message);
    }

    public DiskFullException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
