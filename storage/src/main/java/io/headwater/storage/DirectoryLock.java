package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One worker per data directory: the file {@code lock} in it is locked for as long as this object is open. The file
 * stays when the lock goes: deleting it would let two processes hold locks on two files of that name. The operating
 * system takes the lock back when a process dies, however it dies; the pid inside is for the message only.
 */
public final class DirectoryLock implements Closeable {
    static final String FILE_NAME = "lock";

    /**
     * Directories locked by this process. A POSIX lock does not exclude its own process, and is lost when <em>any</em>
     * descriptor of the file is closed: a second attempt must be refused before it opens the file.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path key;
    private final DiskFile file;

    private DirectoryLock(Path key, DiskFile file) {
        this.key = key;
        this.file = file;
    }

    /**
     * Locks a directory, which must exist.
     *
     * @throws DirectoryLockedException if another process, or another part of this one, holds it
     */
    public static DirectoryLock acquire(Disk disk, Path directory) throws IOException {
        Path key = canonical(directory);
        if (!HELD.add(key)) {
            throw refused(directory, Long.toString(ProcessHandle.current().pid()) + " (this process)");
        }
        boolean locked = false;
        try {
            DiskFile file = openOrCreate(disk, directory.resolve(FILE_NAME));
            try {
                locked = file.tryLock();
                if (!locked) {
                    throw refused(directory, holder(file));
                }
                writeHolder(file);
                return new DirectoryLock(key, file);
            } catch (IOException | RuntimeException e) {
                locked = false;
                file.close();
                throw e;
            }
        } finally {
            if (!locked) {
                HELD.remove(key);
            }
        }
    }

    private static Path canonical(Path directory) {
        try {
            return directory.toRealPath();
        } catch (IOException e) {
            // A simulated disk has no real path; the name as given is then the identity.
            return directory.toAbsolutePath().normalize();
        }
    }

    private static DiskFile openOrCreate(Disk disk, Path path) throws IOException {
        while (true) {
            try {
                return disk.open(path, Disk.Mode.READ_WRITE);
            } catch (NoSuchFileException missing) {
                try {
                    return disk.open(path, Disk.Mode.CREATE_NEW);
                } catch (FileAlreadyExistsException raced) {
                    // Another process made it in between: open that one.
                }
            }
        }
    }

    private static DirectoryLockedException refused(Path directory, String holder) {
        return new DirectoryLockedException("data directory " + directory + " is in use by process " + holder
                + "; one process at a time may work on it");
    }

    private static String holder(DiskFile file) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(32);
        int read = file.read(text, 0);
        String pid = new String(text.array(), 0, Math.max(read, 0), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "unknown" : pid;
    }

    private static void writeHolder(DiskFile file) throws IOException {
        byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        file.truncate(0);
        file.write(ByteBuffer.wrap(pid), 0);
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            HELD.remove(key);
        }
    }
}
