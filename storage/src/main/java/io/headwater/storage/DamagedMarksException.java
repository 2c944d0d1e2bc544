package io.headwater.storage;

import org.jspecify.annotations.Nullable;

/**
 * The file {@code marks} is missing, damaged or older than the logs beside it. It is the one file that cannot be
 * rebuilt, so the directory is not opened: treating it as new would forget promises and cut synced data.
 */
public final class DamagedMarksException extends StorageException {
    public DamagedMarksException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
