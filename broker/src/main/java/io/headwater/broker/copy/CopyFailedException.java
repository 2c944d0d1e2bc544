package io.headwater.broker.copy;

import io.headwater.storage.DiskFullException;
import io.headwater.storage.StorageException;

/**
 * The log under a replica could not do what the replica asked for. Comes out of a call to the replica, to the owner that
 * made the call: it must halt the replica, unless {@link #isFull}.
 */
public final class CopyFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CopyFailedException(String message, StorageException cause) {
        super(message + ": " + cause.getMessage(), cause);
    }

    CopyFailedException(String message) {
        super(message);
    }

    /** The disk has no room for it: nothing has changed, and the same may succeed later. */
    public boolean isFull() {
        return getCause() instanceof DiskFullException;
    }
}
