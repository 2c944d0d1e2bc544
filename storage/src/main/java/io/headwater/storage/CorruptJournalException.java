package io.headwater.storage;

import java.nio.file.Path;

/** Bytes of a journal that were on the disk are not what was written. The file is left as it is. */
public final class CorruptJournalException extends StorageException {
    private final Path file;
    private final long position;
    private final String what;

    public CorruptJournalException(Path file, long position, String what) {
        super(file + ": damaged at byte " + position + ": " + what);
        this.file = file;
        this.position = position;
        this.what = what;
    }

    public Path file() {
        return file;
    }

    public long position() {
        return position;
    }

    /** The message without file and position. */
    String what() {
        return what;
    }
}
