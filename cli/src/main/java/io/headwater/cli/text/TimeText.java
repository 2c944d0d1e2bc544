package io.headwater.cli.text;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A TIME of the command line: ISO-8601 with a zone, a date (midnight UTC), or epoch milliseconds. A time without a zone
 * is refused: it would mean something else on another machine.
 */
public final class TimeText {
    private static final Pattern EPOCH_MS = Pattern.compile("-?\\d+");
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}");

    private TimeText() {}

    public static Instant parse(String text) {
        try {
            if (EPOCH_MS.matcher(text).matches()) {
                return Instant.ofEpochMilli(Long.parseLong(text));
            }
            if (DATE.matcher(text).matches()) {
                return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
            }
            Instant time = ZonedDateTime.parse(text.replace(' ', 'T'), DateTimeFormatter.ISO_ZONED_DATE_TIME)
                    .toInstant();
            long checked = time.toEpochMilli();
            return Instant.ofEpochMilli(checked);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(text + " is out of range (expected: epoch milliseconds)", e);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(text + complaint(text), e);
        }
    }

    private static String complaint(String text) {
        try {
            LocalDateTime.parse(text.replace(' ', 'T'));
            return " has no zone (expected: a zone behind it, for example " + text + "Z or " + text + "+01:00)";
        } catch (DateTimeParseException e) {
            return " (expected: ISO-8601 with a zone, for example 2018-02-03T12:00:00Z, a date, or epoch milliseconds)";
        }
    }

    /** For options. */
    public static final class Converter implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
