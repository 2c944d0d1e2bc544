package io.headwater.cli.text;

import picocli.CommandLine.TypeConversionException;

/** Numbers in options, with a message that says nothing about Java's types. */
public final class NumberText {
    private NumberText() {}

    /** At most {@code most}; a sign is allowed, and for the option to refuse. */
    public static long whole(String text, long most) {
        try {
            long number = Long.parseLong(text);
            if (number <= most && number >= -most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Not a number, or one beyond all bounds.
        }
        throw new TypeConversionException(text + " (expected: a whole number)");
    }

    public static double decimal(String text) {
        try {
            double number = Double.parseDouble(text);
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number that has no end.
        }
        throw new TypeConversionException(text + " (expected: a number)");
    }
}
