package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.MemoryDisk;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemDiskTest {
    private final Disk disk = new FileSystemDisk();

    @TempDir
    Path directory;

    @Test
    void writesManyBuffersOneBehindTheOther() throws IOException {
        byte[] expected = new byte[300_000];
        new SplittableRandom(1).nextBytes(expected);
        // More than the 1,024 that one system call takes, some of them empty, heap and direct mixed.
        ByteBuffer[] buffers = new ByteBuffer[2_500];
        int at = 0;
        for (int i = 0; i < buffers.length; i++) {
            int length = i % 7 == 0 ? 0 : Math.min(139, expected.length - at);
            ByteBuffer buffer = i % 2 == 0 ? ByteBuffer.allocate(length + 3) : ByteBuffer.allocateDirect(length + 3);
            buffer.position(3).mark();
            buffer.put(expected, at, length).flip().position(3);
            buffers[i] = buffer;
            at += length;
        }
        try (DiskFile file = disk.open(directory.resolve("f"), Disk.Mode.CREATE_NEW)) {
            file.write(buffers, 2_000, 1000);
            file.write(Arrays.copyOfRange(buffers, 2_000, 2_500), 500, file.size());
            file.write(new ByteBuffer[] {ByteBuffer.wrap(new byte[] {9})}, 1, 0);
            file.sync();
            assertFalse(buffers[2_499].hasRemaining());
            ByteBuffer all = ByteBuffer.allocate(at);
            file.readFully(all, 1000);
            assertArrayEquals(Arrays.copyOf(expected, at), all.array());
            assertEquals(1000 + at, file.size());
        }
    }

    @Test
    void behavesLikeTheSimulatedDisk() {
        Seeds.run(30, random -> {
            MemoryDisk simulated = new MemoryDisk();
            simulated.createDirectories(directory);
            Path path = directory.resolve("same" + random.nextInt());
            try (DiskFile real = disk.open(path, Disk.Mode.CREATE_NEW);
                    DiskFile model = simulated.open(path, Disk.Mode.CREATE_NEW)) {
                for (int i = 0; i < 50; i++) {
                    long position = random.nextInt(5000);
                    byte[] bytes = new byte[random.nextInt(600)];
                    random.nextBytes(bytes);
                    if (random.nextInt(10) == 0) {
                        real.truncate(position);
                        model.truncate(position);
                    } else {
                        real.write(ByteBuffer.wrap(bytes), position);
                        model.write(ByteBuffer.wrap(bytes), position);
                    }
                    assertEquals(model.size(), real.size());
                    ByteBuffer fromReal = ByteBuffer.allocate(700);
                    ByteBuffer fromModel = ByteBuffer.allocate(700);
                    assertEquals(model.read(fromModel, position / 2), real.read(fromReal, position / 2));
                    assertEquals(fromModel, fromReal);
                }
                assertArrayEquals(simulated.contents(path), Files.readAllBytes(path));
            }
        });
    }

    @Test
    void refusesToReadBehindTheEnd() throws IOException {
        try (DiskFile file = disk.open(directory.resolve("f"), Disk.Mode.CREATE_NEW)) {
            file.write(ByteBuffer.allocate(10), 0);
            assertEquals(-1, file.read(ByteBuffer.allocate(1), 10));
            assertEquals(3, file.read(ByteBuffer.allocate(8), 7));
            EOFException e = assertThrows(EOFException.class, () -> file.readFully(ByteBuffer.allocate(8), 7));
            assertTrue(e.toString().contains("ends at 10"), e.getMessage());
        }
    }

    @Test
    void opensOnlyWhatIsThereAndMakesOnlyWhatIsNot() throws IOException {
        Path path = directory.resolve("f");
        assertThrows(NoSuchFileException.class, () -> disk.open(path, Disk.Mode.READ));
        assertThrows(NoSuchFileException.class, () -> disk.open(path, Disk.Mode.READ_WRITE));
        disk.open(path, Disk.Mode.CREATE_NEW).close();
        assertThrows(FileAlreadyExistsException.class, () -> disk.open(path, Disk.Mode.CREATE_NEW));
        disk.rename(path, directory.resolve("g"));
        disk.createDirectories(directory.resolve("a/b"));
        disk.syncDirectory(directory);
        assertEquals(List.of("a", "g"), disk.list(directory));
        assertTrue(disk.exists(directory.resolve("g")));
        disk.delete(directory.resolve("g"));
        assertFalse(disk.exists(directory.resolve("g")));
        assertTrue(disk.usableBytes(directory) > 0);
    }

    @Test
    void reservesBlocksThatReadAsZeros() throws IOException {
        Path path = directory.resolve("f");
        try (DiskFile file = disk.open(path, Disk.Mode.CREATE_NEW)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
            assertTrue(disk.reserve(path, 3, 1 << 20), "neither ext4 nor XFS, Btrfs or tmpfs?");
            assertEquals(1 << 20, file.size());
            ByteBuffer read = ByteBuffer.allocate(1 << 20);
            file.readFully(read, 0);
            byte[] expected = new byte[1 << 20];
            expected[0] = 1;
            expected[1] = 2;
            expected[2] = 3;
            assertArrayEquals(expected, read.array());
        }
        assertFalse(disk.reserve(directory.resolve("missing"), 0, 10));
    }

    @Test
    void givesAFullDiskItsType() throws IOException {
        // The one file of every Linux that is always full.
        try (DiskFile full = disk.open(Path.of("/dev/full"), Disk.Mode.READ_WRITE)) {
            assertThrows(DiskFullException.class, () -> full.write(ByteBuffer.allocate(10), 0));
            ByteBuffer[] two = {ByteBuffer.allocate(10), ByteBuffer.allocate(10)};
            DiskFullException e = assertThrows(DiskFullException.class, () -> full.write(two, 2, 0));
            assertTrue(e.toString().contains("/dev/full"), e.getMessage());
        }
    }
}
