package io.headwater.record.testing;

import java.util.SplittableRandom;

/**
 * Runs a property over many seeds. The same seed gives the same run; the seeds are the same each time, so that a build
 * says the same thing twice. On failure the error names the seed and the command that replays it alone.
 *
 * <pre>
 * Seeds.run(1_000, random -&gt; assertEquals(model(random.split()), real(random)));
 * mvn -pl record test -Dtest=SomeTest#someMethod -Dheadwater.seed=417     one seed
 * mvn -pl record test -Dtest=SomeTest -Dheadwater.seeds=100000            more seeds
 * mvn -pl record test -Dtest=SomeTest -Dheadwater.first=100000            other seeds
 * </pre>
 */
public final class Seeds {
    private static final String ONE_SEED = "headwater.seed";
    private static final String FIRST_SEED = "headwater.first";
    private static final String HOW_MANY = "headwater.seeds";

    /** Fails by throwing anything. */
    @FunctionalInterface
    public interface Property {
        void check(SplittableRandom random) throws Throwable;
    }

    private Seeds() {}

    public static void run(int count, Property property) {
        run(count, ONE_SEED, property);
    }

    /** @param seedProperty the system property that, when set, replays that seed alone */
    public static void run(int count, String seedProperty, Property property) {
        Long one = Long.getLong(seedProperty);
        if (one != null) {
            check(one, seedProperty, property);
            return;
        }
        int seeds = Integer.getInteger(HOW_MANY, count);
        long first = Long.getLong(FIRST_SEED, 0);
        for (long seed = first; seed < first + seeds; seed++) {
            check(seed, seedProperty, property);
        }
    }

    private static void check(long seed, String seedProperty, Property property) {
        try {
            property.check(new SplittableRandom(seed));
        } catch (Throwable failure) {
            throw new AssertionError(
                    "seed " + seed + " failed: " + failure + "; replay it: mvn test -Dtest=" + caller() + " -D"
                            + seedProperty + "=" + seed,
                    failure);
        }
    }

    /** The nearest frame that is a method of a test: neither ours nor JUnit's nor a lambda's. */
    private static String caller() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(Seeds::mayBeTest)
                        .findFirst()
                        .map(f -> f.getClassName().substring(f.getClassName().lastIndexOf('.') + 1) + "#"
                                + f.getMethodName())
                        .orElse("?"));
    }

    private static boolean mayBeTest(StackWalker.StackFrame frame) {
        return !frame.getClassName().equals(Seeds.class.getName())
                && !frame.getClassName().startsWith("org.junit.")
                && !frame.getMethodName().startsWith("lambda$");
    }
}
