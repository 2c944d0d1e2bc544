package io.headwater.storage;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What storage refuses or reports, each as a type of its own. It is an {@link IOException} so that code that does
 * nothing but pass I/O failures on needs no second clause.
 */
public abstract class StorageException extends IOException {
    protected StorageException(String message) {
        super(message);
    }

    protected StorageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
