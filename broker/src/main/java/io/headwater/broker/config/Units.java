package io.headwater.broker.config;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Amounts as people write them: {@code 7d}, {@code 500ms}, {@code 10GiB}, {@code unlimited}. */
public final class Units {
    /** What {@code unlimited} becomes. */
    public static final long UNLIMITED = -1;

    private static final Pattern AMOUNT = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([A-Za-z]*)");
    private static final Map<String, Long> TIMES =
            Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L, "w", 604_800_000L);
    private static final Map<String, Long> SIZES = Map.of(
            "b",
            1L,
            "kib",
            1L << 10,
            "mib",
            1L << 20,
            "gib",
            1L << 30,
            "tib",
            1L << 40,
            "kb",
            1000L,
            "mb",
            1_000_000L,
            "gb",
            1_000_000_000L,
            "tb",
            1_000_000_000_000L);

    private Units() {}

    /** Milliseconds. A bare number is refused, as nobody can see whether it means seconds. */
    public static long durationMs(String text) {
        return amount(text, TIMES, "a duration such as 500ms, 30s, 10m, 12h, 7d, 2w");
    }

    /** Bytes. A bare number means bytes. */
    public static long bytes(String text) {
        String expected = "a size such as 4096, 64KiB, 256MiB, 10GiB";
        return amount(text.matches("[0-9]+") ? text + "b" : text, SIZES, expected);
    }

    /** Milliseconds as {@link #durationMs} reads them, in the largest unit that divides them. */
    public static String showDuration(long ms) {
        return show(ms, TIMES, "ms");
    }

    /** Bytes as {@link #bytes} reads them. */
    public static String showBytes(long bytes) {
        Map<String, Long> binary = Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "TiB", 1L << 40);
        return show(bytes, binary, "B");
    }

    private static String show(long amount, Map<String, Long> units, String smallest) {
        if (amount == UNLIMITED) {
            return "unlimited";
        }
        Map<Long, String> bySize = new TreeMap<>();
        units.forEach((name, size) -> bySize.put(size, name));
        String best = amount + smallest;
        for (Map.Entry<Long, String> unit : bySize.entrySet()) {
            if (!unit.getValue().equals("w") && amount != 0 && amount % unit.getKey() == 0) {
                best = amount / unit.getKey() + unit.getValue();
            }
        }
        return best;
    }

    private static long amount(String text, Map<String, Long> units, String expected) {
        if (text.strip().equalsIgnoreCase("unlimited")) {
            return UNLIMITED;
        }
        Matcher matcher = AMOUNT.matcher(text.strip());
        Long unit = matcher.matches() ? units.get(matcher.group(2).toLowerCase(Locale.ROOT)) : null;
        if (unit == null) {
            throw new ConfigException(text + " (expected: " + expected + ")");
        }
        try {
            return new BigDecimal(matcher.group(1))
                    .multiply(BigDecimal.valueOf(unit))
                    .toBigIntegerExact()
                    .longValueExact();
        } catch (ArithmeticException e) {
            throw new ConfigException(text + " (expected: " + expected + ", a whole number of the smallest unit)");
        }
    }
}
