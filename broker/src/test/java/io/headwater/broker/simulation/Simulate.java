package io.headwater.broker.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** Runs seeds, one after the other: {@code scripts/simulate} says how. */
public final class Simulate {
    private Simulate() {}

    /** Sets how much the brokers say; nothing, if that is not asked for. */
    static void quiet() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(System.getProperty("headwater.log"), Level.OFF));
    }

    static World world(long seed, boolean lengthy) {
        SplittableRandom random = new SplittableRandom(seed);
        return new World(random, lengthy ? Profile.lengthy(random) : Profile.brief(random));
    }

    /** FIRST COUNT brief|lengthy; ends with 1 if a seed failed. */
    public static void main(String[] args) {
        quiet();
        long first = Long.parseLong(args[0]);
        long count = Long.parseLong(args[1]);
        boolean lengthy = args[2].equals("lengthy");
        boolean verbose = count <= 10;
        long beginNs = System.nanoTime();
        long toldNs = beginNs;
        long simulatedNs = 0;
        int failed = 0;
        for (long seed = first; seed < first + count; seed++) {
            World world = world(seed, lengthy);
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
