package io.headwater.storage.testing;

import io.headwater.storage.Disk;
import io.headwater.storage.DiskFile;
import io.headwater.storage.DiskFullException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Puts faults in front of a disk, real or in memory. Faults are switched on and off by the test, on any thread. What
 * goes through a mapping or a channel of a file bypasses them, as it bypasses the port.
 */
public final class FaultyDisk implements Disk {
    private static final long UNLIMITED = Long.MAX_VALUE / 2;

    private final Disk disk;
    private final AtomicLong roomBytes = new AtomicLong(Long.MAX_VALUE);
    private final AtomicInteger syncs = new AtomicInteger();
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicInteger openFiles = new AtomicInteger();
    private final AtomicInteger reservations = new AtomicInteger();
    private final AtomicInteger syncsToFail = new AtomicInteger();
    private final AtomicInteger fullErrors = new AtomicInteger();
    private final AtomicInteger readErrors = new AtomicInteger();
    private volatile Predicate<Path> failingSyncs = FaultyDisk::none;
    private volatile Function<Path, IOException> syncFault = path -> new IOException(path + ": (sync)");
    private volatile Predicate<Path> failingReads = FaultyDisk::none;
    private volatile Predicate<Path> failingWrites = FaultyDisk::none;
    private volatile Predicate<Path> failingOpens = FaultyDisk::none;
    private volatile Predicate<Path> notGrowing = FaultyDisk::none;
    /** How many more operations change something; then the process is dead. */
    private final AtomicLong operationsLeft = new AtomicLong(Long.MAX_VALUE);

    private final AtomicLong operations = new AtomicLong();

    private volatile long badFrom;
    private volatile long badTo = Long.MAX_VALUE;
    private volatile @Nullable CountDownLatch stall;
    private volatile CountDownLatch stalled = new CountDownLatch(1);

    public FaultyDisk(Disk disk) {
        this.disk = disk;
    }

    private static boolean none(Path path) {
        return false;
    }

    /** The next so many syncs of files that match fail. */
    public void failSyncs(int count, Predicate<Path> files) {
        syncsToFail.set(count);
        failingSyncs = files;
        syncFault = path -> new IOException(path + ": Input/output error (sync)");
    }

    /** The next so many syncs of files that match find the disk full. */
    public void fullSyncs(int count, Predicate<Path> files) {
        failSyncs(count, files);
        syncFault = path -> new DiskFullException(path + ": No space left on device (sync)");
    }

    /** Every sync of files that match fails until {@link #heal}. */
    public void failSyncs(Predicate<Path> files) {
        failSyncs(Integer.MAX_VALUE, files);
    }

    /** Writes to files that match, and cutting them, fail until {@link #heal}. */
    public void failWrites(Predicate<Path> files) {
        failingWrites = files;
    }

    /** Files and directories that match cannot be opened until {@link #heal}: the process has no descriptor left. */
    public void failOpens(Predicate<Path> files) {
        failingOpens = files;
    }

    /** Reads of files that match fail where they touch {@code [from, to)}, until {@link #heal}: bad sectors. */
    public void failReads(Predicate<Path> files, long from, long to) {
        badFrom = from;
        badTo = to;
        failingReads = files;
    }

    /** After so many more operations that change something on the disk none does: every one fails until {@link #heal}. */
    public void dieAfter(long operationsMore) {
        operations.set(0);
        operationsLeft.set(operationsMore);
    }

    /** Whether an operation has failed because of {@link #dieAfter}. */
    public boolean died() {
        return operations.get() > operationsLeft.get();
    }

    private void maybeDie() throws IOException {
        if (operations.incrementAndGet() > operationsLeft.get()) {
            throw new IOException("the process is dead");
        }
    }

    /** Files may grow by so many more bytes in all; then the disk is full. Overwriting needs no room. */
    public void fullAfter(long bytes) {
        roomBytes.set(bytes);
    }

    /** Files that match cannot grow until {@link #heal}. */
    public void fullFor(Predicate<Path> files) {
        notGrowing = files;
    }

    /** Syncs do not return until {@link #resume}. */
    public void stallSyncs() {
        stalled = new CountDownLatch(1);
        stall = new CountDownLatch(1);
    }

    /** Returns when a sync is stalled. */
    public void awaitStalled() throws InterruptedException {
        stalled.await();
    }

    public void resume() {
        CountDownLatch held = stall;
        stall = null;
        if (held != null) {
            held.countDown();
        }
    }

    /** Ends every fault but a stall. */
    public void heal() {
        roomBytes.set(Long.MAX_VALUE);
        operationsLeft.set(Long.MAX_VALUE);
        failingSyncs = FaultyDisk::none;
        failingReads = FaultyDisk::none;
        failingWrites = FaultyDisk::none;
        failingOpens = FaultyDisk::none;
        notGrowing = FaultyDisk::none;
    }

    /** How many syncs of files were asked for. */
    public int syncs() {
        return syncs.get();
    }

    /** From files, and not through a mapping. */
    public long bytesRead() {
        return bytesRead.get();
    }

    /** How often blocks were reserved. */
    public int reservations() {
        return reservations.get();
    }

    /** How often somebody was told that the disk is full. */
    public int fullErrors() {
        return fullErrors.get();
    }

    /** How often a read has met a bad sector. */
    public int readErrors() {
        return readErrors.get();
    }

    /** How many files are open. */
    public int openFiles() {
        return openFiles.get();
    }

    @Override
    public DiskFile open(Path file, Mode mode) throws IOException {
        if (failingOpens.test(file)) {
            throw new IOException(file + ": Too many open files");
        }
        if (mode == Mode.CREATE_NEW) {
            maybeDie();
        }
        DiskFile opened = disk.open(file, mode);
        openFiles.incrementAndGet();
        return new FaultyFile(opened, file);
    }

    @Override
    public void delete(Path path) throws IOException {
        maybeDie();
        disk.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        maybeDie();
        disk.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        awaitNoStall();
        maybeDie();
        maybeFailSync(directory);
        if (failingOpens.test(directory)) {
            throw new IOException(directory + ": Too many open files");
        }
        disk.syncDirectory(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        disk.createDirectories(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public boolean exists(Path path) {
        return disk.exists(path);
    }

    @Override
    public Closeable lock(Path file) throws IOException {
        return disk.lock(file);
    }

    @Override
    public String bootId() throws IOException {
        return disk.bootId();
    }

    @Override
    public int parallelSyncs() {
        return disk.parallelSyncs();
    }

    @Override
    public boolean reserve(Path file, long from, long to) throws IOException {
        maybeDie();
        long granted = roomBytes.getAndUpdate(room -> room < to - from ? room : room - (to - from));
        if (granted < to - from || notGrowing.test(file)) {
            throw full(file);
        }
        reservations.incrementAndGet();
        return disk.reserve(file, from, to);
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return Math.min(roomBytes.get(), disk.usableBytes(directory));
    }

    private DiskFullException full(Path file) {
        fullErrors.incrementAndGet();
        return new DiskFullException(file + ": No space left on device");
    }

    private void maybeFailRead(Path file, ByteBuffer dst, long position) throws IOException {
        if (position < badTo && position + dst.remaining() > badFrom && failingReads.test(file)) {
            readErrors.incrementAndGet();
            throw new IOException(file + ": Input/output error (read at " + position + ")");
        }
    }

    private void maybeFailSync(Path path) throws IOException {
        if (failingSyncs.test(path) && syncsToFail.getAndDecrement() > 0) {
            throw syncFault.apply(path);
        }
    }

    private void awaitNoStall() throws IOException {
        CountDownLatch held = stall;
        if (held == null) {
            return;
        }
        stalled.countDown();
        try {
            held.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in a stall", e);
        }
    }

    private final class FaultyFile implements DiskFile {
        private final DiskFile file;
        private final Path path;

        FaultyFile(DiskFile file, Path path) {
            this.file = file;
            this.path = path;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public int read(ByteBuffer dst, long position) throws IOException {
            maybeFailRead(path, dst, position);
            return read(file.read(dst, position));
        }

        @Override
        public void readFully(ByteBuffer dst, long position) throws IOException {
            maybeFailRead(path, dst, position);
            int size = dst.remaining();
            file.readFully(dst, position);
            read(size);
        }

        private int read(int bytes) {
            bytesRead.addAndGet(Math.max(0, bytes));
            return bytes;
        }

        @Override
        public void write(ByteBuffer src, long position) throws IOException {
            if (failingWrites.test(path)) {
                throw new IOException(path + ": Input/output error (write)");
            }
            maybeDie();
            long size = file.size();
            long growth = Math.max(0, position + src.remaining() - size);
            if (growth > 0 && notGrowing.test(path)) {
                throw full(path);
            }
            long granted = roomBytes.getAndUpdate(room -> Math.max(0, room - growth));
            if (growth <= granted) {
                file.write(src, position);
                return;
            }
            int fits = (int) Math.max(0, Math.min(src.remaining(), size + granted - position));
            ByteBuffer part = src.duplicate();
            part.limit(part.position() + fits);
            file.write(part, position);
            src.position(part.position());
            throw full(path);
        }

        @Override
        public void write(ByteBuffer[] srcs, int count, long position) throws IOException {
            long bytes = 0;
            for (int i = 0; i < count; i++) {
                bytes += srcs[i].remaining();
            }
            if (operationsLeft.get() == Long.MAX_VALUE && roomBytes.get() > UNLIMITED && !failingWrites.test(path)) {
                file.write(srcs, count, position);
                return;
            }
            long at = position;
            for (int i = 0; i < count; i++) {
                int length = srcs[i].remaining();
                write(srcs[i], at);
                at += length;
            }
            if (at != position + bytes) {
                throw new IllegalStateException("wrote " + (at - position) + " of " + bytes);
            }
        }

        @Override
        public void sync() throws IOException {
            syncs.incrementAndGet();
            awaitNoStall();
            maybeDie();
            maybeFailSync(path);
            file.sync();
        }

        @Override
        public void truncate(long size) throws IOException {
            if (failingWrites.test(path)) {
                throw new IOException(path + ": Input/output error (truncate)");
            }
            maybeDie();
            file.truncate(size);
        }

        @Override
        public @Nullable FileChannel channel() {
            return file.channel();
        }

        @Override
        public void close() throws IOException {
            openFiles.decrementAndGet();
            file.close();
        }
    }
}
