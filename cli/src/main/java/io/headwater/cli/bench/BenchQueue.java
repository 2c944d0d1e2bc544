package io.headwater.cli.bench;

import io.headwater.benchmarks.load.HeadwaterQueueTarget;
import io.headwater.benchmarks.load.QueueLoad;
import io.headwater.benchmarks.load.QueueTarget;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.NumberText;
import io.headwater.cli.text.SizeText;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends records through a queue group and acknowledges each by itself. */
@Command(
        name = "queue",
        description = {
            "Send records through a queue group of the topic: one producer, and consumers that receive each record, do "
                    + "nothing with it and acknowledge it by itself. How many are acknowledged per second; how long from "
                    + "when a record was due until it was delivered, and until its acknowledgement was confirmed.",
            "Fails unless every record was acknowledged exactly once, with --keyed in order per key. What earlier runs "
                    + "left in the group (bench, or bench-keyed) is purged first."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater bench queue",
            "  headwater bench queue --keyed --keys 100000 --consumers 8",
            "  headwater bench queue --rate 2000 --duration 30s --format json"
        })
final class BenchQueue implements Callable<Integer> {
    private final Terminal terminal;

    @Option(names = "--keyed", description = "Through a keyed group: in order per key.")
    private boolean keyed;

    @Option(
            names = "--keys",
            paramLabel = "N",
            defaultValue = "1000",
            description = "With --keyed: how many keys there are, in turn (default: 1000).")
    private int keys;

    @Option(
            names = "--consumers",
            paramLabel = "N",
            defaultValue = "4",
            description = "Each with a connection of its own (default: 4).")
    private int consumers;

    @Option(
            names = "--prefetch",
            paramLabel = "N",
            defaultValue = "0",
            description = "Records that a consumer holds ahead of its work (default: 0, the client's own default).")
    private int prefetch;

    @Option(
            names = "--rate",
            paramLabel = "N|max",
            defaultValue = "max",
            converter = Rate.class,
            description = "Records due per second, or max: as fast as they are taken (default: max).")
    private double rate;

    @Option(
            names = "--warmup",
            paramLabel = "DURATION",
            defaultValue = "2s",
            converter = DurationText.Converter.class,
            description = "Records that are due in this time are sent, and not timed (default: 2s).")
    private Duration warmup = Duration.ofSeconds(2);

    @Mixin
    private EndOptions end = new EndOptions();

    @Option(
            names = "--record-bytes",
            paramLabel = "SIZE",
            defaultValue = "1KiB",
            converter = SizeText.Converter.class,
            description = "Of each value (default: 1KiB).")
    private long recordBytes;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Of a topic that has to be made (default: 1).")
    private int partitions;

    @Mixin
    private LoadOptions options = new LoadOptions();

    BenchQueue(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (recordBytes > SendOptions.MAX_RECORD_BYTES) {
            throw CommandFailure.usage("--record-bytes: " + recordBytes + " (expected: at most 64MiB)");
        }
        if (prefetch < 0) {
            throw CommandFailure.usage("--prefetch: " + prefetch + " (expected: at least 0)");
        }
        String server = options.reachableServer();
        return options.run(terminal, progress -> {
            QueueLoad load = QueueLoad.of(server, options.topic())
                    .withRecords(end.records())
                    .withRecordBytes((int) recordBytes)
                    .withRatePerSecond(rate)
                    .withPartitions(partitions)
                    .withConsumers(consumers)
                    .withWarmup(warmup)
                    .withTimeLimit(end.duration());
            try (QueueTarget target = HeadwaterQueueTarget.connect(server, prefetch)) {
                return (keyed ? load.withKeys(keys) : load).run(target, progress);
            }
        });
    }

    /** A number, or as fast as they are taken. */
    static final class Rate implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            return text.equals("max") ? 0 : NumberText.decimal(text);
        }
    }
}
