package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Progress;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.Human;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.Left;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueAdmin.Step;
import io.headwater.client.QueueFilter;
import io.headwater.client.QueueSweep;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** An operation on many records: which, how fast, and whether at all. Goes up to the end as it is at the start. */
final class SweepOptions {
    private static final int STEPS_PER_SECOND = 10;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private FilterOptions filter = new FilterOptions();

    @Option(names = "--dry-run", description = "Change nothing, and say how many records it would be.")
    private boolean dryRun;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    /** For those operations that have one. */
    static final class Rate {
        @Option(
                names = "--rate",
                paramLabel = "N/s",
                converter = RateConverter.class,
                description = "At most so many records a second (default: as fast as it goes).")
        private @Nullable Integer perSecond;
    }

    /** What came of it. */
    record Result(long records, long gone, Left left, boolean isDryRun) {
        private Result plus(Step step) {
            return new Result(records + step.records(), gone + step.gone(), left.plus(step.left()), isDryRun);
        }
    }

    QueueName queue() {
        return queue;
    }

    boolean isJson() {
        return format.isJson();
    }

    /** For those operations that nobody shall do with everything by mistake. */
    void requireBeginning() {
        filter.requireBeginning();
    }

    Result run(Terminal terminal, Function<QueueFilter, QueueSweep> operation) {
        return run(terminal, new Rate(), operation);
    }

    Result run(Terminal terminal, Rate rate, Function<QueueFilter, QueueSweep> operation) {
        QueueFilter which =
                filter.filter(Instant.ofEpochMilli(terminal.wallClock().millis()));
        Progress progress = Progress.alone(terminal);
        Result result = new Result(0, 0, Left.NONE, dryRun);
        try (HeadwaterClient client = server.connect()) {
            QueueAdmin admin = client.queueAdmin();
            var partitions = queue.explained(() -> admin.describe(queue.topic(), queue.group()))
                    .partitions();
            Range range = which.range();
            if (range.partition() >= partitions.size()) {
                throw CommandFailure.failed("--partition: " + range.partition() + " (the topic has "
                        + Human.count(partitions.size(), "partition") + ", from 0 on)");
            }
            Pace pace = new Pace(terminal, dryRun ? null : rate.perSecond);
            for (PartitionStatus partition : partitions) {
                if (range.partition() < 0 || range.partition() == partition.partition()) {
                    QueueFilter here = which.within(upTo(range, partition));
                    QueueSweep sweep = dryRun ? operation.apply(here).asDryRun() : operation.apply(here);
                    result = run(admin, sweep, pace, progress, result);
                }
            }
        } finally {
            progress.clear();
        }
        return result;
    }

    private static Range upTo(Range range, PartitionStatus partition) {
        long end = partition.endOffset();
        long until = range.untilOffset() < 0 ? end : Math.min(end, range.untilOffset());
        return new Range(partition.partition(), Math.min(range.fromOffset(), until), until);
    }

    private Result run(QueueAdmin admin, QueueSweep sweep, Pace pace, Progress progress, Result before) {
        Range range = sweep.which().range();
        Place place = new Place(range.partition(), range.fromOffset());
        Result result = before;
        while (place != null) {
            Place from = place;
            pace.await();
            Step step = step(admin, sweep, from, pace, progress, result);
            pace.done(step.records());
            result = result.plus(step);
            place = step.next();
            long records = result.records();
            long at = place == null ? range.untilOffset() : place.offset();
            progress.tick(() -> Human.count(records, "record") + " so far; partition " + range.partition() + " at "
                    + Human.count(at) + " of " + Human.count(range.untilOffset()));
        }
        return result;
    }

    /** Where it fails, what was done before is said: it stays done. */
    private Step step(QueueAdmin admin, QueueSweep sweep, Place from, Pace pace, Progress progress, Result before) {
        String target = sweep.target();
        int most = pace.most();
        try {
            return target == null
                    ? queue.explained(() -> admin.sweep(queue.topic(), queue.group(), sweep, from, most))
                    // The group was found when this began: it is the other topic that is not.
                    : UnknownTopic.explained(
                            target, () -> admin.sweep(queue.topic(), queue.group(), sweep, from, most));
        } catch (HeadwaterException | CommandFailure e) {
            if (before.records() > 0 && !dryRun) {
                progress.clear();
                pace.terminal.say(Human.count(before.records(), "record") + " before this failed");
            }
            throw e;
        }
    }

    /** Not faster than was asked for. */
    private static final class Pace {
        private final Terminal terminal;
        private final @Nullable Integer perSecond;
        private long nextNs;

        private Pace(Terminal terminal, @Nullable Integer perSecond) {
            this.terminal = terminal;
            this.perSecond = perSecond;
            this.nextNs = terminal.nanoClock().getAsLong();
        }

        /** Of one step; 0: as many as is good. */
        private int most() {
            return perSecond == null ? 0 : Math.max(1, perSecond / STEPS_PER_SECOND);
        }

        private void done(long records) {
            if (perSecond != null) {
                long nowNs = terminal.nanoClock().getAsLong();
                nextNs = Math.max(nowNs, nextNs) + records * TimeUnit.SECONDS.toNanos(1) / perSecond;
            }
        }

        private void await() {
            long leftNs = nextNs - terminal.nanoClock().getAsLong();
            try {
                if (perSecond != null && leftNs > 0 && new CountDownLatch(1).await(leftNs, TimeUnit.NANOSECONDS)) {
                    throw new IllegalStateException("nobody counts down");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw CommandFailure.failed("interrupted");
            }
        }
    }

    /** {@code 100/s}, or just the number. */
    static final class RateConverter implements ITypeConverter<Integer> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,7})(/s)?");

        @Override
        public Integer convert(String text) {
            Matcher matcher = FORM.matcher(text);
            int perSecond = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
            if (perSecond < 1 || perSecond > 1_000_000) {
                throw new TypeConversionException(text + " (expected: records a second, 1/s to 1000000/s)");
            }
            return perSecond;
        }
    }
}
