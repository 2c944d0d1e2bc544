package io.headwater.benchmarks.jmh;

import io.headwater.benchmarks.load.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/** Runs suites and writes what they say as a Markdown table; scripts/bench calls it. */
public final class Suite {
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private Suite() {}

    /** {@code Suite MODE FILE JMH-ARGUMENT…}. */
    public static void main(String[] args) throws IOException, RunnerException, CommandLineOptionException {
        CommandLineOptions options = new CommandLineOptions(Arrays.copyOfRange(args, 2, args.length));
        Collection<RunResult> results = new Runner(options).run();
        Files.writeString(Path.of(args[1]), table(args[0], results));
    }

    private static String table(String mode, Collection<RunResult> results) {
        StringBuilder out = new StringBuilder(4096);
        out.append("| benchmark | parameters | score | error | unit | allocated, B/op |\n");
        out.append("|---|---|--:|--:|---|--:|\n");
        String flags = "";
        for (RunResult result : results) {
            Result<?> primary = result.getPrimaryResult();
            String name = result.getParams().getBenchmark();
            row(out, name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1), result, primary);
            result.getSecondaryResults().forEach((label, secondary) -> {
                if (!label.startsWith("gc.")) {
                    row(out, "  … " + label, result, secondary);
                }
            });
            flags = String.join(" ", result.getParams().getJvmArgs());
        }
        Environment environment = Environment.current();
        return out.append("\nCommand: scripts/bench ")
                .append(mode)
                .append(". Machine: ")
                .append(environment.machine())
                .append(". Java: ")
                .append(environment.java())
                .append(". Flags: `")
                .append(flags)
                .append("`. Commit: ")
                .append(environment.commit())
                .append(".\n")
                .toString();
    }

    private static void row(StringBuilder out, String name, RunResult run, Result<?> result) {
        StringBuilder parameters = new StringBuilder();
        for (String key : run.getParams().getParamsKeys()) {
            parameters
                    .append(key)
                    .append('=')
                    .append(run.getParams().getParam(key))
                    .append(' ');
        }
        Result<?> allocated = run.getSecondaryResults().get(ALLOCATED);
        out.append(String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s | %s |%n",
                name,
                parameters.toString().strip(),
                number(result.getScore()),
                number(result.getScoreError()),
                result.getScoreUnit(),
                allocated == null ? "" : number(allocated.getScore())));
    }

    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        double size = Math.abs(value);
        String format = size >= 100 ? "%,.0f" : size >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }
}
