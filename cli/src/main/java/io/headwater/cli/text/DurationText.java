package io.headwater.cli.text;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 7d}, {@code 12h}, {@code 1h30m}, {@code 250ms}. */
public final class DurationText {
    private static final Pattern PART = Pattern.compile("(\\d+)(ms|s|m|h|d|w)");
    private static final String EXPECTED = " (expected: a number with ms, s, m, h, d or w, for example 7d or 1h30m)";
    private static final long[] UNITS_MS = {86_400_000, 3_600_000, 60_000, 1000};
    private static final String[] UNIT_NAMES = {"d", "h", "m", "s"};

    private DurationText() {}

    public static Duration parse(String text) {
        Matcher matcher = PART.matcher(text.toLowerCase(Locale.ROOT));
        long ms = 0;
        int end = 0;
        try {
            while (end < text.length() && matcher.find(end) && matcher.start() == end) {
                ms = Math.addExact(ms, Math.multiplyExact(Long.parseLong(matcher.group(1)), unitMs(matcher.group(2))));
                end = matcher.end();
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException(text + " is too long a time" + EXPECTED, e);
        }
        if (end == 0 || end < text.length()) {
            throw new IllegalArgumentException(text + EXPECTED);
        }
        return Duration.ofMillis(ms);
    }

    /** The shortest exact form: {@code 7d}, {@code 1h30m}, {@code 1500ms}. */
    public static String exact(long ms) {
        if (ms == 0) {
            return "0s";
        }
        StringBuilder text = new StringBuilder();
        long rest = ms;
        for (int i = 0; i < UNITS_MS.length; i++) {
            if (rest >= UNITS_MS[i]) {
                text.append(rest / UNITS_MS[i]).append(UNIT_NAMES[i]);
                rest %= UNITS_MS[i];
            }
        }
        return rest == 0 ? text.toString() : text.append(rest).append("ms").toString();
    }

    private static long unitMs(String unit) {
        return switch (unit) {
            case "ms" -> 1;
            case "s" -> 1000;
            case "m" -> 60_000;
            case "h" -> 3_600_000;
            case "d" -> 86_400_000;
            default -> 7 * 86_400_000L;
        };
    }

    /** For options. */
    public static final class Converter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
