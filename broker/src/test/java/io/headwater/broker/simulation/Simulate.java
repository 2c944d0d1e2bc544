package io.headwater.broker.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.netty.util.ResourceLeakDetector;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Runs seeds, one after the other: {@code scripts/simulate} says how. */
public final class Simulate {
    private Simulate() {}

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
            default -> throw new IllegalArgumentException(kind + " (expected: brief, long or violent)");
        };
        return new World(random, profile, rule);
    }

    /** FIRST COUNT brief|long|violent [RULE that does not hold]; ends with 1 if a seed failed. */
    public static void main(String[] args) {
        quiet();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        long first = Long.parseLong(args[0]);
        long count = Long.parseLong(args[1]);
        String rule = args.length > 3 ? args[3] : null;
        boolean verbose = count <= 10;
        long beginNs = System.nanoTime();
        long toldNs = beginNs;
        long simulatedNs = 0;
        int failed = 0;
        for (long seed = first; seed < first + count; seed++) {
            World world = world(seed, args[2], rule);
            long seedNs = System.nanoTime();
            try {
                long trace = world.run();
                if (verbose) {
                    System.out.printf(
                            "seed %d: trace %016x, %d ms, %d s simulated; %s; faults %s%n",
                            seed,
                            trace,
                            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - seedNs),
                            TimeUnit.NANOSECONDS.toSeconds(world.time().nowNs()),
                            world.history.summary(),
                            world.faults);
                }
            } catch (Throwable e) {
                failed++;
                System.out.println("seed " + seed + " FAILED: " + e);
                if (verbose) {
                    e.printStackTrace(System.out);
                }
                if (rule != null) {
                    count = seed - first + 1;
                }
            }
            simulatedNs += world.time().nowNs();
            if (System.nanoTime() - toldNs > TimeUnit.SECONDS.toNanos(10)) {
                toldNs = System.nanoTime();
                tell(seed - first + 1, failed, beginNs, simulatedNs);
            }
        }
        tell(count, failed, beginNs, simulatedNs);
        System.exit(failed == 0 ? 0 : 1);
    }

    private static void tell(long seeds, int failed, long beginNs, long simulatedNs) {
        double seconds = (System.nanoTime() - beginNs) / 1e9;
        System.out.printf(
                "%d seeds, %d failed, %.1f seeds/s, %d s simulated%n",
                seeds, failed, seeds / seconds, TimeUnit.NANOSECONDS.toSeconds(simulatedNs));
    }
}
