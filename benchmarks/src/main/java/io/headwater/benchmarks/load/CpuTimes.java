package io.headwater.benchmarks.load;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * CPU used so far.
 *
 * @param machineSeconds by everything on this machine, kernel included, from /proc/stat, but for the processes that {@link
 *     #UNCOUNTED} names; NaN where there is none
 * @param driverSeconds by this process
 */
public record CpuTimes(double machineSeconds, double driverSeconds) {
    /** A system property: the ids, separated by commas, of processes that idle beside what is measured. */
    public static final String UNCOUNTED = "headwater.bench.uncounted";

    private static final double TICKS_PER_SECOND = 100;
    private static final List<String> UNCOUNTED_IDS = Stream.of(
                    System.getProperty(UNCOUNTED, "").split(","))
            .filter(id -> !id.isEmpty())
            .toList();

    public static CpuTimes now() {
        double driver =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
        return new CpuTimes(machine(Path.of("/proc/stat")), driver);
    }

    private static double machine(Path stat) {
        if (!Files.isReadable(stat)) {
            return Double.NaN;
        }
        try (var lines = Files.lines(stat)) {
            String[] fields = lines.findFirst().orElse("").split("\\s+");
            // cpu user nice system idle iowait irq softirq: idle and iowait are nobody's work.
            long ticks = 0;
            for (int i : new int[] {1, 2, 3, 6, 7}) {
                ticks += Long.parseLong(fields[i]);
            }
            for (String id : UNCOUNTED_IDS) {
                ticks -= ticksOf(Path.of("/proc", id, "stat"));
            }
            return ticks / TICKS_PER_SECOND;
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /** In user mode and in the kernel. */
    private static long ticksOf(Path stat) throws IOException {
        String line = Files.readString(stat);
        // Behind the name, which may hold anything: state is the third field of proc(5), utime the 14th, stime the
        // 15th.
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    public CpuTimes since(CpuTimes earlier) {
        return new CpuTimes(machineSeconds - earlier.machineSeconds, driverSeconds - earlier.driverSeconds);
    }
}
