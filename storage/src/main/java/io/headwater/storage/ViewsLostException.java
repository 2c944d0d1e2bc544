package io.headwater.storage;

import org.jspecify.annotations.Nullable;

/**
 * The views were found damaged and have been set aside; the store is empty now and its stamps are -1. Nothing is lost:
 * the caller rebuilds from the logs.
 */
public final class ViewsLostException extends StorageException {
    ViewsLostException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
