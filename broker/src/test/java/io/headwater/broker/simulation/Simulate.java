package io.headwater.broker.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Runs seeds, one after the other on each of some threads: {@code scripts/simulate} says how. */
public final class Simulate {
    private final String kind;
    private final @Nullable String rule;
    private final boolean verbose;
    private final AtomicLong next;
    /** The seed that is not run any more. */
    private final AtomicLong end;

    private final long beginNs = System.nanoTime();
    private long toldNs = beginNs;
    private long simulatedNs;
    private long done;
    private int failed;
    /** Of all seeds, in whichever order they ended. */
    private long traces;

    private Simulate(long first, long end, String kind, @Nullable String rule) {
        this.next = new AtomicLong(first);
        this.end = new AtomicLong(end);
        this.kind = kind;
        this.rule = rule;
        this.verbose = end - first <= 10;
    }

    /** Sets how much the brokers say; nothing, if that is not asked for. */
    static void quiet() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(System.getProperty("headwater.log"), Level.OFF));
    }

    static World world(long seed, String kind, @Nullable String rule) {
        SplittableRandom random = new SplittableRandom(seed);
        Profile profile = switch (kind) {
            case "brief" -> Profile.brief(random);
            case "long" -> Profile.lengthy(random);
            case "violent" -> Profile.violent(random);
            case "lonely" -> Profile.lonely(random);
            case "plotted" -> Profile.plotted(random);
            case "replicated" -> Profile.brief(random).atWritten();
            default ->
                throw new IllegalArgumentException(
                        kind + " (expected: brief, long, violent, lonely, plotted or replicated)");
        };
        return new World(random, profile, rule);
    }

    /** FIRST COUNT brief|long|violent|lonely|plotted|replicated JOBS [RULE that does not hold]; 1: a seed failed. */
    public static void main(String[] args) throws InterruptedException {
        quiet();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        long first = Long.parseLong(args[0]);
        Simulate run = new Simulate(first, first + Long.parseLong(args[1]), args[2], args.length > 4 ? args[4] : null);
        List<Thread> jobs = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[3]); i++) {
            jobs.add(new Thread(run::job, "seeds-" + i));
        }
        jobs.forEach(Thread::start);
        for (Thread each : jobs) {
            each.join();
        }
        run.tell();
        System.exit(run.failed == 0 ? 0 : 1);
    }

    /** {@link #main} in a process of its own, where objects have other identities; its output is to be read. */
    static Process fork(long first, int count, String kind) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--add-") || flag.startsWith("-Dchronicle.")) {
                command.add(flag);
            }
        }
        command.addAll(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(List.of("-XX:+UnlockExperimentalVMOptions", "-XX:hashCode=0"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Simulate.class.getName()));
        command.addAll(List.of(Long.toString(first), Integer.toString(count), kind, "1"));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** What is said of a seed first. */
    static String said(long seed, long trace) {
        return String.format("seed %d: trace %016x", seed, trace);
    }

    private void job() {
        for (long seed = next.getAndIncrement(); seed < end.get(); seed = next.getAndIncrement()) {
            World world = world(seed, kind, rule);
            long seedNs = System.nanoTime();
            Throwable failure = null;
            long trace = 0;
            try {
                trace = world.run();
            } catch (Throwable e) {
                failure = e;
            }
            ended(seed, world, trace, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - seedNs), failure);
        }
    }

    private synchronized void ended(long seed, World world, long trace, long tookMs, @Nullable Throwable failure) {
        done++;
        simulatedNs += world.time().nowNs();
        traces += trace * (2 * seed + 1);
        if (failure == null && verbose) {
            System.out.printf(
                    "%s, %d ms, %d s simulated; %s; faults %s%n",
                    said(seed, trace),
                    tookMs,
                    TimeUnit.NANOSECONDS.toSeconds(world.time().nowNs()),
                    world.history.summary(),
                    world.faults);
        }
        if (failure != null) {
            failed++;
            System.out.println("seed " + seed + " FAILED: " + failure);
            if (verbose) {
                failure.printStackTrace(System.out);
            }
            if (rule != null) {
                end.set(seed);
            }
        }
        if (System.nanoTime() - toldNs > TimeUnit.SECONDS.toNanos(10)) {
            toldNs = System.nanoTime();
            tell();
        }
    }

    private synchronized void tell() {
        double seconds = (System.nanoTime() - beginNs) / 1e9;
        System.out.printf(
                "%d seeds, %d failed, %.1f seeds/s, %d s simulated; traces %016x%n",
                done, failed, done / seconds, TimeUnit.NANOSECONDS.toSeconds(simulatedNs), traces);
    }
}
