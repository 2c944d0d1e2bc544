package io.headwater.cli.text;

import io.headwater.client.Position;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A place in a topic: {@code beginning}, {@code end}, {@code offset:N}, {@code ingested:TIME}, {@code event:TIME}. */
public final class PositionText {
    private static final String EXPECTED = " (expected: beginning, end, offset:N, ingested:TIME or event:TIME)";

    private PositionText() {}

    public static Position parse(String text) {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon);
        String value = text.substring(colon + 1);
        return switch (colon < 0 ? kind : kind + ":") {
            case "beginning" -> Position.beginning();
            case "end" -> Position.end();
            case "offset:" -> Position.offset(offset(text, value));
            case "ingested:" -> Position.ingestedAt(TimeText.parse(value));
            case "event:" -> Position.eventAt(TimeText.parse(value));
            default -> throw new IllegalArgumentException(text + EXPECTED);
        };
    }

    private static long offset(String text, String value) {
        try {
            long offset = Long.parseLong(value);
            if (offset >= 0) {
                return offset;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(text + " (expected: offset:N, N a whole number from 0)", e);
        }
        throw new IllegalArgumentException(text + " (expected: offset:N, N a whole number from 0)");
    }

    /** For options. */
    public static final class Converter implements ITypeConverter<Position> {
        @Override
        public Position convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
