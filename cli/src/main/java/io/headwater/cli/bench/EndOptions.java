package io.headwater.cli.bench;

import io.headwater.cli.text.DurationText;
import java.time.Duration;
import picocli.CommandLine.Option;

/** When a load that goes as fast as it can is over: at whichever comes first. */
final class EndOptions {
    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "End after this many (default: 1000000).")
    private long records;

    @Option(
            names = "--duration",
            paramLabel = "DURATION",
            defaultValue = "1m",
            converter = DurationText.Converter.class,
            description = "End after this time even if records are left (default: 1m).")
    private Duration duration = Duration.ofMinutes(1);

    long records() {
        return records;
    }

    Duration duration() {
        return duration;
    }
}
