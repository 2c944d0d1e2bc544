package io.headwater.benchmarks.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A memory cgroup that a broker runs in, whose page cache is full when the warm rounds are over, as that of a machine
 * which has run for a day. Without one, every page of the cache that a broker writes is a new one, and where a hypervisor
 * hands out memory page by page that costs more than all the broker does. Needs root and a writable hierarchy (version 1
 * or 2).
 */
final class MemoryGroup implements AutoCloseable {
    /** Room for what a round writes, so that nobody has to wait for the disk to evict a page. */
    static final long LIMIT_BYTES = 4L << 30;

    private static final Path ROOT = Path.of("/sys/fs/cgroup");

    private final Path group;

    private MemoryGroup(Path group) {
        this.group = group;
    }

    /** {@code null}: this process may not make one. */
    static @Nullable MemoryGroup make(String name) {
        for (Path parent : parents()) {
            Path group = parent.resolve(name);
            try {
                Files.createDirectory(group);
            } catch (IOException notThere) {
                continue;
            }
            try {
                if (limit(group)) {
                    return new MemoryGroup(group);
                }
                Files.delete(group);
            } catch (IOException notAllowed) {
                group.toFile().delete();
            }
        }
        return null;
    }

    private static boolean limit(Path group) throws IOException {
        for (String file : List.of("memory.limit_in_bytes", "memory.max")) {
            if (Files.exists(group.resolve(file))) {
                Files.writeString(group.resolve(file), Long.toString(LIMIT_BYTES));
                return true;
            }
        }
        return false;
    }

    /** Where this process may have the right to make one: below its own group, or at the top. */
    private static List<Path> parents() {
        List<Path> parents = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
                String[] fields = line.split(":", 3);
                if (fields[1].equals("memory")) {
                    parents.add(ROOT.resolve("memory" + fields[2]));
                }
            }
        } catch (IOException noCgroups) {
            return parents;
        }
        parents.add(ROOT);
        return parents;
    }

    /** The command, started inside of the group: a new process moves itself, then becomes it. */
    List<String> wrap(List<String> command) {
        List<String> wrapped = new ArrayList<>(List.of(
                "sh",
                "-c",
                "echo $$ >\"$0\" && exec \"$@\"",
                group.resolve("cgroup.procs").toString()));
        wrapped.addAll(command);
        return wrapped;
    }

    @Override
    public void close() throws IOException {
        Files.delete(group);
    }
}
