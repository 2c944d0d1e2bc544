package io.headwater.storage.testing;

import io.headwater.storage.DirectoryLockedException;
import io.headwater.storage.Disk;
import io.headwater.storage.DiskFile;
import io.headwater.storage.DiskFullException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that forgets at a power cut what was not synced. It promises no more than POSIX does: bytes survive
 * after a sync of their file, names after a sync of their directory; what was not synced may survive in part, sector by
 * sector in any order, and the changes of a directory as any prefix of what was done. Files of up to 2 GiB.
 */
public final class MemoryDisk implements Disk {
    private static final long UNLIMITED = Long.MAX_VALUE / 2;

    private final Map<Path, MemoryInode> files = new TreeMap<>();
    private final Map<Path, MemoryInode> durableFiles = new TreeMap<>();
    private final Set<Path> directories = new HashSet<>();
    private final List<NameChange> nameChanges = new ArrayList<>();
    private final Set<Path> locks = new HashSet<>();
    private long capacityBytes = UNLIMITED;
    private boolean ignoringSyncs;
    private int life;
    private int powerCuts;

    /** One change of a directory that is not durable yet. */
    private record NameChange(
            Path directory,
            Path name,
            @Nullable MemoryInode inode,
            @Nullable Path removed) {

        /** Where a name goes: another directory than the one whose sync makes this durable, if it is a move. */
        Path source() {
            return removed == null ? directory : parent(removed);
        }
    }

    /** From now on syncs return and do nothing: the control of a test that power cuts lose unsynced data. */
    public synchronized MemoryDisk ignoreSyncs() {
        ignoringSyncs = true;
        return this;
    }

    /** How many bytes all files together may have. */
    public synchronized MemoryDisk capacity(long bytes) {
        capacityBytes = bytes;
        return this;
    }

    /** The power goes: nothing that was not synced survives. Open files are dead, locks are gone. */
    public synchronized void powerCut() {
        cut(() -> false);
    }

    /** The power goes: of what was not synced, a random part survives. */
    public synchronized void powerCut(SplittableRandom random) {
        int percent = random.nextInt(101);
        cut(() -> random.nextInt(100) < percent);
    }

    /** The process dies and the machine does not: everything written survives; open files are dead, locks are gone. */
    public synchronized void kill() {
        life++;
        locks.clear();
    }

    private void cut(BooleanSupplier survives) {
        kill();
        powerCuts++;
        Set<Path> stopped = new HashSet<>();
        for (NameChange change : nameChanges) {
            boolean possible = !stopped.contains(change.directory()) && !stopped.contains(change.source());
            if (possible && survives.getAsBoolean()) {
                apply(change);
            } else {
                stopped.add(change.directory());
                stopped.add(change.source());
            }
        }
        nameChanges.clear();
        files.clear();
        files.putAll(durableFiles);
        for (MemoryInode inode : new LinkedHashSet<>(files.values())) {
            inode.powerCut(survives);
        }
    }

    @Override
    public synchronized String bootId() {
        return "boot " + powerCuts;
    }

    /** Flips one bit of a file's bytes. */
    public synchronized void flipBit(Path file, long position, int bit) throws IOException {
        inode(file).flip((int) position, bit);
    }

    /** A copy of a file's bytes as a reader would see them now. */
    public synchronized byte[] contents(Path file) throws IOException {
        MemoryInode inode = inode(file);
        return java.util.Arrays.copyOf(inode.bytes, inode.size);
    }

    /** A copy of a file's bytes as they would be if the power went and nothing more got through. */
    public synchronized byte[] durableContents(Path file) throws IOException {
        return inode(file).durableContents();
    }

    public synchronized boolean isDirectory(Path path) {
        return directories.contains(key(path));
    }

    /** Puts a file there, durably. */
    public synchronized void put(Path file, byte[] contents) {
        MemoryInode inode = new MemoryInode();
        inode.resize(contents.length);
        System.arraycopy(contents, 0, inode.bytes, 0, contents.length);
        inode.wrote(0, contents.length);
        inode.sync();
        directories.add(parent(key(file)));
        files.put(key(file), inode);
        durableFiles.put(key(file), inode);
    }

    private static Path key(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static Path parent(Path key) {
        Path parent = key.getParent();
        return parent == null ? key : parent;
    }

    private MemoryInode inode(Path file) throws NoSuchFileException {
        MemoryInode inode = files.get(key(file));
        if (inode == null) {
            throw new NoSuchFileException(file.toString());
        }
        return inode;
    }

    @Override
    public synchronized DiskFile open(Path file, Mode mode) throws IOException {
        Path key = key(file);
        if (mode == Mode.CREATE_NEW) {
            if (files.containsKey(key)) {
                throw new FileAlreadyExistsException(file.toString());
            }
            if (!directories.contains(parent(key))) {
                throw new NoSuchFileException(file.toString());
            }
            MemoryInode inode = new MemoryInode();
            files.put(key, inode);
            nameChanges.add(new NameChange(parent(key), key, inode, null));
        }
        return new MemoryFile(inode(file), file, mode != Mode.READ);
    }

    @Override
    public synchronized void delete(Path path) throws IOException {
        Path key = key(path);
        if (directories.contains(key) && !files.containsKey(key)) {
            if (!list(path).isEmpty()) {
                throw new DirectoryNotEmptyException(path.toString());
            }
            directories.remove(key);
            return;
        }
        inode(path);
        files.remove(key);
        nameChanges.add(new NameChange(parent(key), key, null, key));
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        if (directories.remove(key(from))) {
            directories.add(key(to));
            for (Path file : List.copyOf(files.keySet())) {
                if (file.startsWith(key(from))) {
                    moveFile(file, key(to).resolve(key(from).relativize(file)), parent(key(to)));
                }
            }
            return;
        }
        inode(from);
        moveFile(key(from), key(to), parent(key(to)));
    }

    /** Durable with the next sync of {@code directory}. */
    private void moveFile(Path from, Path to, Path directory) throws NoSuchFileException {
        MemoryInode inode = inode(from);
        files.remove(from);
        files.put(to, inode);
        nameChanges.add(new NameChange(directory, to, inode, from));
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        if (!directories.contains(key(directory))) {
            throw new NoSuchFileException(directory.toString());
        }
        if (ignoringSyncs) {
            return;
        }
        // What moves out of another directory brings along what was done there before.
        Set<Path> synced = new HashSet<>(Set.of(key(directory)));
        ArrayDeque<NameChange> durable = new ArrayDeque<>();
        for (int i = nameChanges.size() - 1; i >= 0; i--) {
            if (synced.contains(nameChanges.get(i).directory())) {
                NameChange change = nameChanges.remove(i);
                synced.add(change.source());
                durable.addFirst(change);
            }
        }
        durable.forEach(this::apply);
    }

    private void apply(NameChange change) {
        if (change.removed() != null) {
            durableFiles.remove(change.removed());
        }
        if (change.inode() != null) {
            durableFiles.put(change.name(), change.inode());
        }
    }

    @Override
    public synchronized void createDirectories(Path directory) {
        for (Path at = key(directory); at != null; at = at.getParent()) {
            directories.add(at);
        }
    }

    @Override
    public synchronized List<String> list(Path directory) throws IOException {
        Path key = key(directory);
        if (!directories.contains(key)) {
            throw new NoSuchFileException(directory.toString());
        }
        Set<String> names = new java.util.TreeSet<>();
        for (Path file : files.keySet()) {
            if (key.equals(file.getParent())) {
                names.add(String.valueOf(file.getFileName()));
            }
        }
        for (Path child : directories) {
            if (key.equals(child.getParent())) {
                names.add(String.valueOf(child.getFileName()));
            }
        }
        return List.copyOf(names);
    }

    @Override
    public synchronized boolean exists(Path path) {
        return files.containsKey(key(path)) || directories.contains(key(path));
    }

    @Override
    public synchronized Closeable lock(Path file) throws IOException {
        Path key = key(file);
        if (!locks.add(key)) {
            throw new DirectoryLockedException("data directory " + file.getParent() + ": in use by process 0");
        }
        if (!files.containsKey(key)) {
            open(file, Mode.CREATE_NEW).close();
        }
        int lockedIn = life;
        return () -> unlock(key, lockedIn);
    }

    private synchronized void unlock(Path key, int lockedIn) {
        if (lockedIn == life) {
            locks.remove(key);
        }
    }

    @Override
    public synchronized boolean reserve(Path file, long from, long to) throws IOException {
        try (DiskFile opened = open(file, Mode.READ_WRITE)) {
            if (to - opened.size() > usableBytes(file)) {
                throw new DiskFullException(file + ": No space left on device");
            }
            long start = Math.max(from, opened.size());
            opened.write(ByteBuffer.allocate((int) Math.max(0, to - start)), start);
        }
        return true;
    }

    @Override
    public synchronized long usableBytes(Path directory) {
        return capacityBytes == UNLIMITED ? UNLIMITED : Math.max(0, capacityBytes - usedBytes());
    }

    private long usedBytes() {
        long used = 0;
        for (MemoryInode inode : files.values()) {
            used += inode.size;
        }
        return used;
    }

    private final class MemoryFile implements DiskFile {
        private final MemoryInode inode;
        private final Path path;
        private final boolean writable;
        private final int openedIn = life;
        private boolean closed;

        MemoryFile(MemoryInode inode, Path path, boolean writable) {
            this.inode = inode;
            this.path = path;
            this.writable = writable;
        }

        private void requireAlive() throws IOException {
            if (closed) {
                throw new ClosedChannelException();
            }
            if (openedIn != life) {
                throw new IOException(path + ": the power was cut");
            }
        }

        @Override
        public long size() throws IOException {
            synchronized (MemoryDisk.this) {
                requireAlive();
                return inode.size;
            }
        }

        @Override
        public int read(ByteBuffer dst, long position) throws IOException {
            synchronized (MemoryDisk.this) {
                requireAlive();
                if (position >= inode.size) {
                    return dst.hasRemaining() ? -1 : 0;
                }
                int length = (int) Math.min(dst.remaining(), inode.size - position);
                dst.put(inode.bytes, (int) position, length);
                return length;
            }
        }

        @Override
        public void readFully(ByteBuffer dst, long position) throws IOException {
            int wanted = dst.remaining();
            if (wanted > 0 && read(dst, position) < wanted) {
                throw new EOFException(path + ": ends before " + (position + wanted));
            }
        }

        @Override
        public void write(ByteBuffer src, long position) throws IOException {
            synchronized (MemoryDisk.this) {
                requireAlive();
                if (!writable) {
                    throw new java.nio.channels.NonWritableChannelException();
                }
                long end = position + src.remaining();
                long room = inode.size + (capacityBytes == UNLIMITED ? UNLIMITED : capacityBytes - usedBytes());
                int length = (int) (Math.max(Math.min(end, Math.max(room, inode.size)), position) - position);
                if (position + length > inode.size) {
                    inode.resize((int) (position + length));
                }
                src.get(inode.bytes, (int) position, length);
                inode.wrote((int) position, length);
                if (src.hasRemaining()) {
                    throw new DiskFullException(path + ": No space left on device");
                }
            }
        }

        @Override
        public void write(ByteBuffer[] srcs, int count, long position) throws IOException {
            long at = position;
            for (int i = 0; i < count; i++) {
                int length = srcs[i].remaining();
                write(srcs[i], at);
                at += length;
            }
        }

        @Override
        public void sync() throws IOException {
            synchronized (MemoryDisk.this) {
                requireAlive();
                if (!ignoringSyncs) {
                    inode.sync();
                }
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (MemoryDisk.this) {
                requireAlive();
                if (size < inode.size) {
                    inode.resize((int) size);
                }
            }
        }

        @Override
        public @Nullable FileChannel channel() {
            return null;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
