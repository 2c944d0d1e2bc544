package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open segment file with its users counted: the owner holds one use, each lent slice and each pending sync another.
 * The last one out closes the file, on whatever thread it is.
 */
final class SegmentFile {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentFile.class);

    private final Path path;
    private final DiskFile file;
    private final AtomicInteger uses = new AtomicInteger(1);

    /** Takes the file; the caller holds the first use. */
    SegmentFile(Path path, DiskFile file) {
        this.path = path;
        this.file = file;
    }

    Path path() {
        return path;
    }

    DiskFile disk() {
        return file;
    }

    /** False if the last user has gone: then the file is closed, for good. */
    boolean tryRetain() {
        int now;
        do {
            now = uses.get();
            if (now == 0) {
                return false;
            }
        } while (!uses.compareAndSet(now, now + 1));
        return true;
    }

    /** Whether anybody may still read it. Once false, false for good. */
    boolean inUse() {
        return uses.get() > 0;
    }

    /** Whether there are more users than the one who asks. */
    boolean shared() {
        return uses.get() > 1;
    }

    void release() {
        int left = uses.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException(path + ": released more often than retained");
        }
        if (left == 0) {
            close();
        }
    }

    private void close() {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("segment {}: could not be closed", path, e);
        }
    }
}
