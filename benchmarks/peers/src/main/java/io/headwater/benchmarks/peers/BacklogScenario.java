package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What ten million records cost that wait in a queue, plain or keyed (a million keys): heap in use after a collection,
 * and the disk that is left when all are acknowledged.
 */
final class BacklogScenario implements Scenario {
    private static final long RECORDS = 10_000_000;
    private static final int KEYS = 1_000_000;
    private static final Pattern USED = Pattern.compile("used (\\d+)K");
    private static final int DISK_SECONDS = 60;

    @Override
    public String name() {
        return "backlog";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        List<Figure> figures = new ArrayList<>();
        for (boolean keyed : new boolean[] {false, true}) {
            String kind = keyed ? "keyed" : "plain";
            Samples samples = new Samples();
            Path data = bench.newDirectory(name());
            try (BrokerProcess broker =
                    BrokerProcess.start(HEADWATER, bench, data).awaitPort()) {
                Map<String, String> options = new HashMap<>();
                options.put("work", Driver.BACKLOG);
                options.put("topic", kind);
                options.put("records", Long.toString(bench.scaled(RECORDS)));
                options.put("keys", keyed ? Long.toString(bench.scaled(KEYS)) : "0");
                options.put("part", "publish");
                Map<String, Double> filled = DriverProcess.run(broker, options);
                samples.add("Headwater", "heap", usedHeapMebibytes(broker.pid()));
                samples.add("Headwater", "group", DriverProcess.figure(filled, "backlog.groupMebibytes"));
                int segments = segments(data);
                options.put("part", "drain");
                Map<String, Double> drained = DriverProcess.run(broker, options);
                samples.add("Headwater", "rate", DriverProcess.figure(drained, "backlog.drainedPerSecond"));
                int left = segments(data);
                for (int waited = 0; left > 1 && waited < DISK_SECONDS; waited++) {
                    IdleScenario.rest(1);
                    left = segments(data);
                }
                samples.add("Headwater", "segments", left);
                bench.say(String.format(
                        "  backlog: %s: heap %s MiB (the group %s), %d segments; drained at %s/s, then %d",
                        kind,
                        Figure.number(samples.of("Headwater", "heap")[0]),
                        Figure.number(samples.of("Headwater", "group")[0]),
                        segments,
                        Figure.number(samples.of("Headwater", "rate")[0]),
                        left));
            }
            figures.add(plain("heap, 10 million ready records, " + kind, "MiB", samples.of("Headwater", "heap"), 256));
            figures.add(plain("segments left of them, " + kind, "files", samples.of("Headwater", "segments"), 1));
        }
        return figures;
    }

    private static Figure plain(String name, String unit, double[] values, double most) {
        return Figure.plain(name, unit, values, Bound.AT_MOST, most);
    }

    private static int segments(Path data) throws IOException {
        try (Stream<Path> files = Files.walk(data.resolve("partitions"))) {
            return (int) files.filter(file -> file.toString().endsWith(".log")).count();
        }
    }

    private static double usedHeapMebibytes(long pid) throws IOException {
        ask(pid, "GC.run");
        Matcher used = USED.matcher(ask(pid, "GC.heap_info"));
        double mebibytes = 0;
        for (int space = 0; space < 2 && used.find(); space++) {
            // The young and the old space; what follows is not heap.
            mebibytes += Double.parseDouble(used.group(1)) / 1024;
        }
        return mebibytes;
    }

    private static String ask(long pid, String what) throws IOException {
        Process asked = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid), what)
                .redirectErrorStream(true)
                .start();
        return new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
