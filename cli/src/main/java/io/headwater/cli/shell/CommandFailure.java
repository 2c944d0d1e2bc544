package io.headwater.cli.shell;

/** A command that cannot do what it was asked: a message for a person, and the exit code. */
public final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int exitCode;

    private CommandFailure(int exitCode, String message) {
        super(message, null, false, false);
        this.exitCode = exitCode;
    }

    /** It was understood but did not work: exit 1. */
    public static CommandFailure failed(String message) {
        return new CommandFailure(ExitCode.FAILURE, message);
    }

    /** It was not a sensible thing to ask: exit 2. */
    public static CommandFailure usage(String message) {
        return new CommandFailure(ExitCode.USAGE, message);
    }

    public int exitCode() {
        return exitCode;
    }
}
