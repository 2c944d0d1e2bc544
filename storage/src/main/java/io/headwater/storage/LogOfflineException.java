package io.headwater.storage;

import org.jspecify.annotations.Nullable;

/**
 * This partition's log takes part in nothing until the process starts again: a write or a sync failed, or damage was
 * found below its durable mark. What it has on the disk is left as it is.
 */
public final class LogOfflineException extends StorageException {
    public LogOfflineException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
