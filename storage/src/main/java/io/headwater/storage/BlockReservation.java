package io.headwater.storage;

import java.nio.file.Path;
import net.openhft.posix.PosixAPI;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code fallocate(2)}, which Java does not offer: the only place that sees the POSIX library. It takes some tenths of a
 * second to load, so that only a log that needs it, and a background thread, should be the first to ask.
 */
final class BlockReservation {
    private static final Logger LOG = LoggerFactory.getLogger(BlockReservation.class);

    // From the headers of Linux, the same on every architecture that Java 17 runs on.
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;

    /** The library turned out not to work here: musl, a temporary directory without execution, another processor. */
    private static volatile boolean unusable;

    private BlockReservation() {}

    /** As {@link Disk#reserve}. */
    static boolean reserve(Path file, long from, long to) throws DiskFullException {
        if (unusable) {
            return false;
        }
        try {
            PosixAPI posix = Library.POSIX;
            return posix != null && reserve(posix, file, from, to);
        } catch (RuntimeException | LinkageError e) {
            unusable = true;
            LOG.info("segments are preallocated with zeros at any pace: fallocate cannot be called: {}", e.toString());
            return false;
        }
    }

    private static boolean reserve(PosixAPI posix, Path file, long from, long to) throws DiskFullException {
        int descriptor = posix.open(file.toString(), O_RDWR | O_CLOEXEC, 0);
        if (descriptor < 0) {
            return false;
        }
        try {
            if (posix.fallocate(descriptor, 0, from, to - from) == 0) {
                return true;
            }
            int error = posix.lastError();
            if (error == ENOSPC || error == EDQUOT) {
                throw new DiskFullException(file + ": No space left on device");
            }
            return false;
        } finally {
            posix.close(descriptor);
        }
    }

    /** Loaded at first use. */
    private static final class Library {
        static final @Nullable PosixAPI POSIX =
                System.getProperty("os.name", "").equals("Linux") ? PosixAPI.posix() : null;
    }
}
