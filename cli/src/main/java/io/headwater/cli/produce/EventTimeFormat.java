package io.headwater.cli.produce;

import io.headwater.cli.text.TimeText;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How an event time stands in the data: as a TIME of the command line, or in a pattern of its own. */
final class EventTimeFormat {
    private final @Nullable DateTimeFormatter pattern;
    private final String text;

    private EventTimeFormat(@Nullable DateTimeFormatter pattern, String text) {
        this.pattern = pattern;
        this.text = text;
    }

    /** ISO-8601 with a zone, a date, or epoch milliseconds. */
    static EventTimeFormat standard() {
        return new EventTimeFormat(null, "");
    }

    /** A pattern of {@link DateTimeFormatter}; UTC unless it has a zone, midnight unless it has a time. */
    static EventTimeFormat ofPattern(String pattern) {
        return new EventTimeFormat(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH), pattern);
    }

    long parseMs(String value, String field) throws BadLineException {
        try {
            return pattern == null ? TimeText.parse(value).toEpochMilli() : parseMs(pattern.parse(value));
        } catch (DateTimeException | IllegalArgumentException | ArithmeticException e) {
            String problem = pattern == null ? String.valueOf(e.getMessage()) : value + " (expected: " + text + ")";
            throw new BadLineException("has no usable event time in field " + field + ": " + problem);
        }
    }

    private static long parseMs(TemporalAccessor parsed) {
        if (parsed.isSupported(ChronoField.INSTANT_SECONDS)) {
            return Instant.from(parsed).toEpochMilli();
        }
        LocalTime time = parsed.query(TemporalQueries.localTime());
        ZoneId zone = parsed.query(TemporalQueries.zone());
        return LocalDate.from(parsed)
                .atTime(time == null ? LocalTime.MIDNIGHT : time)
                .atZone(zone == null ? ZoneOffset.UTC : zone)
                .toInstant()
                .toEpochMilli();
    }
}
