package io.headwater.cli.cluster;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A partition as people write it: {@code orders:3}. */
record PartitionName(String topic, int index) {
    private static final Pattern FORM = Pattern.compile("(.+):(\\d{1,9})");

    @Override
    public String toString() {
        return topic + ":" + index;
    }

    /** For parameters. */
    static final class Converter implements ITypeConverter<PartitionName> {
        @Override
        public PartitionName convert(String text) {
            Matcher matcher = FORM.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException(text + " (expected: TOPIC:PARTITION, for example orders:0)");
            }
            return new PartitionName(matcher.group(1), Integer.parseInt(matcher.group(2)));
        }
    }
}
