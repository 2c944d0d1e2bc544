package io.headwater.cli.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Where a record is, as people write it: {@code 3:1200}. */
public record RecordPlace(int partition, long offset) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}):(\\d{1,18})");

    /** @throws IllegalArgumentException saying what was expected */
    public static RecordPlace parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(text + " (expected: PARTITION:OFFSET, for example 0:1200)");
        }
        return new RecordPlace(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    /** For options. */
    public static final class Converter implements ITypeConverter<RecordPlace> {
        @Override
        public RecordPlace convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
