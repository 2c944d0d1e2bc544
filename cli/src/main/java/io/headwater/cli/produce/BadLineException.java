package io.headwater.cli.produce;

/** A line that cannot become a record. The message goes on after "line N". */
final class BadLineException extends Exception {
    private static final long serialVersionUID = 1L;

    BadLineException(String message) {
        super(message, null, false, false);
    }
}
