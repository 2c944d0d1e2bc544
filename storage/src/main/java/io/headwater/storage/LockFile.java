package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file that is locked for as long as this object is open. The file stays when the lock goes: deleting it would let two
 * processes hold locks on two files of that name. The operating system takes the lock back when a process dies, however
 * it dies; the process id inside serves the message only.
 */
final class LockFile implements Closeable {
    private static final int HOLDER_BYTES = 32;

    /**
     * Files locked by this process. A POSIX lock does not exclude its own process, and is lost when <em>any</em>
     * descriptor of the file is closed: a second attempt must be refused before it opens the file.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path key;
    private final FileChannel channel;

    private LockFile(Path key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    static LockFile acquire(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path directory = absolute.getParent();
        if (directory == null) {
            throw new IllegalArgumentException("file: " + file + " (expected: a file in a directory)");
        }
        Path key = directory.toRealPath().resolve(absolute.getFileName());
        if (!HELD.add(key)) {
            throw refused(directory, ProcessHandle.current().pid() + " (this one)");
        }
        boolean locked = false;
        try {
            LockFile lock = new LockFile(key, lockChannel(key, directory));
            locked = true;
            return lock;
        } finally {
            if (!locked) {
                HELD.remove(key);
            }
        }
    }

    private static FileChannel lockChannel(Path file, Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        boolean locked = false;
        try {
            if (channel.tryLock() == null) {
                throw refused(directory, holder(channel));
            }
            byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
            channel.truncate(0).write(ByteBuffer.wrap(pid), 0);
            locked = true;
            return channel;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(HOLDER_BYTES);
        int read = channel.read(text, 0);
        String pid = new String(text.array(), 0, Math.max(read, 0), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "(not known)" : pid;
    }

    private static DirectoryLockedException refused(Path directory, String holder) {
        return new DirectoryLockedException("data directory " + directory + ": in use by process " + holder
                + "; only one process at a time may work on it");
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD.remove(key);
        }
    }
}
