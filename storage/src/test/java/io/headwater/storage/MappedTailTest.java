package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mapping of the open segment on a real file system. */
class MappedTailTest {
    @TempDir
    Path path;

    private static long mappings(Path directory) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(directory.toString())).count();
        }
    }

    @Test
    void unmapsAtOnceWhenASegmentIsSealedOrPutToRest() throws IOException {
        try (TestDirectory dir = new TestDirectory(path, TestDirectory.SMALL, new FileSystemDisk())) {
            PartitionLog log = dir.log();
            for (int i = 0; i < 300; i++) {
                dir.append(log, i, i, "value-" + i);
                dir.commit(log);
                dir.runBackground();
                assertEquals(List.of(i + ":value-" + i), LogContent.range(log, i, i + 1, 4096, null));
                assertEquals(1, mappings(path), "after record " + i);
            }
            assertTrue(log.hibernate());
            assertEquals(0, mappings(path));
            assertEquals(300, LogContent.all(log).size());
        }
        assertEquals(0, mappings(path));
    }

    /** The child reads its tail through the mapping while this test truncates the file below it. */
    @Test
    void survivesPagesThatVanishUnderTheMapping() throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("--add-")) {
                command.add(argument);
            }
        }
        command.addAll(List.of(
                "-Dchronicle.announcer.disable=true",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                path.toString()));
        Path output = path.resolve("output");
        Process child = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int exit = child.waitFor();
        String said = Files.readString(output);
        assertEquals(0, exit, said);
        assertTrue(said.contains("mapped reads: 20000"), said);
        assertTrue(said.contains("then: CorruptLogException"), said);
        assertTrue(said.contains("alive"), said);
    }

    /** Ends with 0 if reading a vanished page gave a typed error and the process lived on. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Path path = Path.of(args[0], "data");
            StorageConfig config = StorageConfig.defaults();
            TestDirectory dir = new TestDirectory(path, config, new FileSystemDisk());
            PartitionLog log = dir.log();
            for (int i = 0; i < 300; i++) {
                dir.append(log, i, i, "value-" + i + "x".repeat(100));
            }
            dir.commit(log);
            ByteBuffer copy = ByteBuffer.allocateDirect(1 << 20);
            int reads = 0;
            for (; reads < 20_000; reads++) {
                try (LogSlice slice = log.read(250 + reads % 50, 300, 4096, null)) {
                    slice.copyTo(copy.clear());
                }
            }
            System.out.println("mapped reads: " + reads);
            Path file = path.resolve("partitions/7/00000000000000000000.log");
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(4096);
            }
            for (int i = 0; i < 100; i++) {
                try (LogSlice slice = log.read(250 + i % 50, 300, 4096, null)) {
                    slice.copyTo(copy.clear());
                    System.out.println("served what is gone");
                    System.exit(2);
                } catch (CorruptLogException e) {
                    System.out.println("then: " + e.getClass().getSimpleName());
                } catch (LogOfflineException e) {
                    System.out.println("and: " + e.getClass().getSimpleName());
                }
            }
            System.out.println("alive");
        }
    }
}
