package io.headwater.benchmarks.load;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Where a number comes from: without it, it means nothing.
 *
 * @param flags of this JVM
 * @param commit of the working copy that this code runs from, with {@code -dirty} if it was changed; or unknown
 */
public record Environment(String machine, String java, String flags, String commit) {

    /** Of this process, now. */
    public static Environment current() {
        return Holder.CURRENT;
    }

    private static final class Holder {
        static final Environment CURRENT = new Environment(machineText(), javaText(), flagsText(), commitText());
    }

    private static String machineText() {
        Runtime runtime = Runtime.getRuntime();
        return firstValue(Path.of("/proc/cpuinfo"), "model name", System.getProperty("os.arch")) + ", "
                + runtime.availableProcessors() + " cores, "
                + memoryText() + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version");
    }

    private static String memoryText() {
        long bytes =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        return Math.round(bytes / (double) (1 << 30)) + " GiB";
    }

    private static String javaText() {
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version");
    }

    private static String flagsText() {
        return String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments());
    }

    private static String firstValue(Path file, String name, String otherwise) {
        if (!Files.isReadable(file)) {
            return otherwise;
        }
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse(otherwise);
        } catch (IOException e) {
            return otherwise;
        }
    }

    private static String commitText() {
        URL code = Environment.class.getProtectionDomain().getCodeSource().getLocation();
        try {
            Path directory = Path.of(code.toURI());
            while (directory != null && !Files.isDirectory(directory)) {
                directory = directory.getParent();
            }
            return directory == null ? "unknown" : git(directory);
        } catch (IOException | URISyntaxException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }

    private static String git(Path directory) throws IOException, InterruptedException {
        Process git = new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=12")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 ? said : "unknown";
    }
}
