package io.headwater.cli.queue;

import io.headwater.cli.text.DurationText;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueGroupConfig.Backoff.Kind;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A backoff as people write it: {@code none}, {@code fixed:5s}, {@code linear:1s:5m}, {@code exponential:1s:5m}. */
final class BackoffText {
    private static final String EXPECTED =
            " (expected: none, fixed:DURATION, linear:FIRST:MAX or exponential:FIRST:MAX, for example exponential:1s:5m)";

    private BackoffText() {}

    static Backoff parse(String text) {
        String[] parts = text.split(":", -1);
        return switch (parts[0] + " " + parts.length) {
            case "none 1" -> Backoff.none();
            case "fixed 2" -> Backoff.fixed(DurationText.parse(parts[1]));
            case "linear 3" -> growing(Kind.LINEAR, text, parts);
            case "exponential 3" -> growing(Kind.EXPONENTIAL, text, parts);
            default -> throw new IllegalArgumentException(text + EXPECTED);
        };
    }

    private static Backoff growing(Kind kind, String text, String[] parts) {
        Duration first = DurationText.parse(parts[1]);
        Duration max = DurationText.parse(parts[2]);
        if (max.compareTo(first) < 0) {
            throw new IllegalArgumentException(text + " (expected: a first wait that is not longer than the longest)");
        }
        return new Backoff(kind, first, max);
    }

    static String text(Backoff backoff) {
        String first = ":" + DurationText.exact(backoff.first().toMillis());
        return backoff.kind().name().toLowerCase(Locale.ROOT)
                + switch (backoff.kind()) {
                    case NONE -> "";
                    case FIXED -> first;
                    case LINEAR, EXPONENTIAL ->
                        first + ":" + DurationText.exact(backoff.max().toMillis());
                };
    }

    /** For options. */
    static final class Converter implements ITypeConverter<Backoff> {
        @Override
        public Backoff convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
