package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {
    private final Disk disk = new FileSystemDisk();

    @TempDir
    Path directory;

    /** The other process: locks, says so (or why not), and waits for its input to end. */
    static final class Other {
        private Other() {}

        public static void main(String[] args) throws IOException {
            try (DirectoryLock lock = DirectoryLock.acquire(new FileSystemDisk(), Path.of(args[0]))) {
                System.out.println("locked " + lock.getClass().getSimpleName());
                System.in.transferTo(System.err);
            } catch (DirectoryLockedException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private Process startOther() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName(),
                        directory.toString())
                .start();
    }

    private static String firstLine(Process process) throws IOException {
        return String.valueOf(
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine());
    }

    @Test
    void refusesASecondProcessAndNamesTheDirectoryAndTheHolder() throws Exception {
        try (DirectoryLock lock = DirectoryLock.acquire(disk, directory)) {
            Process other = startOther();
            String said = firstLine(other);
            other.waitFor();
            assertTrue(said.contains(lock.directory().toString()), said);
            assertTrue(said.contains("process " + ProcessHandle.current().pid() + ";"), said);
        }
    }

    @Test
    void isRefusedByAnotherProcessUntilThatIsKilled() throws Exception {
        Process other = startOther();
        assertEquals("locked DirectoryLock", firstLine(other));
        DirectoryLockedException e =
                assertThrows(DirectoryLockedException.class, () -> DirectoryLock.acquire(disk, directory));
        assertTrue(e.toString().contains("process " + other.pid() + ";"), e.getMessage());
        other.destroyForcibly().waitFor();
        DirectoryLock.acquire(disk, directory).close();
    }

    @Test
    void staysLockedAfterASecondAttemptInTheSameProcess() throws Exception {
        Path alias = directory.resolveSibling(directory.getFileName() + "-alias");
        Files.createSymbolicLink(alias, directory);
        try (DirectoryLock lock = DirectoryLock.acquire(disk, directory)) {
            assertThrows(DirectoryLockedException.class, () -> DirectoryLock.acquire(disk, lock.directory()));
            DirectoryLockedException e = assertThrows(
                    DirectoryLockedException.class, () -> DirectoryLock.acquire(new FileSystemDisk(), alias));
            assertTrue(e.toString().contains("this one"), e.toString());
            Process other = startOther();
            assertTrue(firstLine(other).contains("in use"), "closing a descriptor must not have given the lock away");
            other.waitFor();
        } finally {
            Files.delete(alias);
        }
        DirectoryLock.acquire(disk, directory).close();
    }

    @Test
    void needsTheDirectory() {
        assertThrows(IOException.class, () -> DirectoryLock.acquire(disk, directory.resolve("missing")));
        assertThrows(IOException.class, () -> DirectoryLock.acquire(disk, directory.resolve("missing")));
    }
}
