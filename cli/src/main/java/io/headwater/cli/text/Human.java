package io.headwater.cli.text;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers as people like to read them. Programs ask for JSON instead, which has the exact ones. */
public final class Human {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final long SECOND_MS = 1000;
    private static final long MINUTE_MS = 60 * SECOND_MS;
    private static final long HOUR_MS = 60 * MINUTE_MS;
    private static final long DAY_MS = 24 * HOUR_MS;
    private static final long YEAR_MS = 365 * DAY_MS;

    private Human() {}

    /** {@code 1,234,567}. */
    public static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    /** {@code 1 record}, {@code 1,707 records}. */
    public static String count(long n, String noun) {
        return count(n) + " " + noun + (n == 1 ? "" : "s");
    }

    /** {@code 417 KiB}, {@code 1.5 GiB}. */
    public static String bytes(long bytes) {
        return bytes((double) bytes);
    }

    /** A mean of bytes, in the same form. */
    public static String bytes(double bytes) {
        double value = bytes;
        int unit = 0;
        while (Math.abs(value) >= 1023.5 && unit < BYTE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return (unit == 0 ? String.format(Locale.ROOT, "%.0f", value) : threeDigits(value)) + " " + BYTE_UNITS[unit];
    }

    /** {@code 0.4/s}, {@code 12,300/s}. */
    public static String perSecond(double rate) {
        return (rate > 0 && rate < 10 ? String.format(Locale.ROOT, "%.1f", rate) : count(Math.round(rate))) + "/s";
    }

    /** About how long: {@code 12 ms}, {@code 3.4 s}, {@code 5 m 10 s}, {@code 2 d 3 h}, {@code 8.8 y}. */
    public static String duration(long ms) {
        if (ms < 0) {
            return "-" + duration(-Math.max(ms, -Long.MAX_VALUE));
        }
        if (ms < SECOND_MS) {
            return ms + " ms";
        }
        if (ms < MINUTE_MS) {
            return threeDigits(ms / 1000.0) + " s";
        }
        if (ms < HOUR_MS) {
            return two(ms / MINUTE_MS, "m", ms % MINUTE_MS / SECOND_MS, "s");
        }
        if (ms < DAY_MS) {
            return two(ms / HOUR_MS, "h", ms % HOUR_MS / MINUTE_MS, "m");
        }
        if (ms < 2 * YEAR_MS) {
            return two(ms / DAY_MS, "d", ms % DAY_MS / HOUR_MS, "h");
        }
        return threeDigits((double) ms / YEAR_MS) + " y";
    }

    /** {@code 170 us}, {@code 1.2 ms}. */
    public static String micros(long us) {
        return us < 1000 ? us + " us" : us < 1_000_000 ? threeDigits(us / 1000.0) + " ms" : duration(us / 1000);
    }

    /** {@code 2018-02-03 04:05:06Z}. */
    public static String time(long epochMs) {
        return SECONDS.format(Instant.ofEpochMilli(epochMs));
    }

    /** {@code 2018-02-03 04:05:06.789Z}. */
    public static String timeMs(long epochMs) {
        return MILLIS.format(Instant.ofEpochMilli(epochMs));
    }

    private static String two(long large, String largeUnit, long small, String smallUnit) {
        return large + " " + largeUnit + (small == 0 ? "" : " " + small + " " + smallUnit);
    }

    private static String threeDigits(double value) {
        String text = String.format(Locale.ROOT, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
        return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
    }
}
