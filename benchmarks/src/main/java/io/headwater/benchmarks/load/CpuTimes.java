package io.headwater.benchmarks.load;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * CPU used so far.
 *
 * @param machineSeconds by everything on this machine, kernel included, from /proc/stat; NaN where there is none
 * @param driverSeconds by this process
 */
public record CpuTimes(double machineSeconds, double driverSeconds) {
    private static final double TICKS_PER_SECOND = 100;

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
            return ticks / TICKS_PER_SECOND;
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    public CpuTimes since(CpuTimes earlier) {
        return new CpuTimes(machineSeconds - earlier.machineSeconds, driverSeconds - earlier.driverSeconds);
    }
}
