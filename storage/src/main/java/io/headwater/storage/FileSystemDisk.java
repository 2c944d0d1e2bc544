package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The real file system. */
public final class FileSystemDisk implements Disk {
    /** Of Linux; another one after each start of the kernel. */
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    @Override
    public String bootId() throws IOException {
        return Files.isReadable(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
    }

    @Override
    public DiskFile open(Path file, Mode mode) throws IOException {
        try {
            return new ChannelFile(file, openChannel(file, mode));
        } catch (IOException e) {
            throw typed(e, file);
        }
    }

    private static FileChannel openChannel(Path file, Mode mode) throws IOException {
        return switch (mode) {
            case READ -> FileChannel.open(file, StandardOpenOption.READ);
            case READ_WRITE -> FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            case CREATE_NEW ->
                FileChannel.open(
                        file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        };
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw typed(e, to);
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        // Linux lets a directory be opened for reading, and fsync of that descriptor makes its entries durable.
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw typed(e, directory);
        }
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public Closeable lock(Path file) throws IOException {
        return LockFile.acquire(file);
    }

    @Override
    public boolean reserve(Path file, long from, long to) throws IOException {
        return BlockReservation.reserve(file, from, to);
    }

    /** Measured on a virtual disk with ext4, 100 files: 15 ms with one at a time, 9.5 with two, 6 with four. */
    @Override
    public int parallelSyncs() {
        return 4;
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    /**
     * Gives "no room" its type. The JDK reports it by the text of {@code strerror} only; the broker's launcher runs with
     * the C locale's messages, and other languages are recognised nowhere else either.
     */
    static IOException typed(IOException e, Path file) {
        String message = e.getMessage();
        if (message != null && !(e instanceof DiskFullException)) {
            String text = message.toLowerCase(Locale.ROOT);
            if (text.contains("no space left") || text.contains("quota exceeded")) {
                return new DiskFullException(file + ": " + message, e);
            }
        }
        return e;
    }
}
