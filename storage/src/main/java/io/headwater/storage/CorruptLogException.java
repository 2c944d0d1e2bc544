package io.headwater.storage;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Bytes that were durable are not what was written, or are gone. Says where. They are never served and never cut. */
public final class CorruptLogException extends StorageException {
    private final Path file;
    private final long position;

    public CorruptLogException(Path file, long position, String what, @Nullable Throwable cause) {
        super(file + " at byte " + position + ": " + what, cause);
        this.file = file;
        this.position = position;
    }

    public CorruptLogException(Path file, long position, String what) {
        this(file, position, what, null);
    }

    public Path file() {
        return file;
    }

    /** Of the first bad byte's entry (or header, or footer) in the file. */
    public long position() {
        return position;
    }
}
