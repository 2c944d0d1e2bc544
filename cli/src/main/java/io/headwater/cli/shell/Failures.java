package io.headwater.cli.shell;

import io.headwater.client.HeadwaterException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Every way a command can fail, as one message and one exit code. Users see no stack traces. */
public final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private static final Set<String> OF_CLIENTS = Set.of("--server", "--timeout");

    private final Terminal terminal;

    public Failures(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        complain(command, String.valueOf(e.getMessage()));
        String misplaced = misplaced(e, command);
        if (misplaced.isEmpty()) {
            UnmatchedArgumentException.printSuggestions(e, command.getErr());
            command.getErr().flush();
        } else {
            terminal.say("  " + misplaced);
        }
        terminal.say("  " + command.getCommandSpec().qualifiedName() + " --help shows what it takes");
        return ExitCode.USAGE;
    }

    /** What to do about the options that every other command takes; empty: it is not about them. */
    private static String misplaced(ParameterException e, CommandLine command) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return "";
        }
        Optional<String> option = unmatched.getUnmatched().stream()
                .map(argument -> argument.replaceAll("=.*", ""))
                .filter(OF_CLIENTS::contains)
                .findFirst();
        if (option.isEmpty()) {
            return "";
        }
        return command.getSubcommands().isEmpty()
                ? option.get() + " is for commands that talk to a broker; this one does not"
                : option.get() + " stands behind the command, for example: headwater topic list " + option.get()
                        + " VALUE";
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, @Nullable ParseResult parsed) {
        Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof Output.ClosedPipe) {
            return ExitCode.OK;
        }
        if (cause instanceof CommandFailure failure) {
            complain(command, String.valueOf(failure.getMessage()));
            if (failure.exitCode() == ExitCode.USAGE) {
                terminal.say("  " + command.getCommandSpec().qualifiedName() + " --help shows what it takes");
            }
            return failure.exitCode();
        }
        if (cause instanceof HeadwaterException failure) {
            complain(command, ClientFailure.explain(failure, server(command)));
            return ExitCode.FAILURE;
        }
        complain(command, "this should not have happened: " + cause + "\n  HEADWATER_DEBUG=1 shows where");
        if (System.getenv("HEADWATER_DEBUG") != null) {
            cause.printStackTrace(terminal.err());
        }
        return ExitCode.FAILURE;
    }

    private void complain(CommandLine command, String message) {
        terminal.say(command.getCommandSpec().qualifiedName() + ": " + message);
    }

    private static String server(CommandLine command) {
        return server(command.getCommandSpec());
    }

    /** The address may stand in a mixin of a mixin. */
    private static String server(CommandSpec spec) {
        if (spec.userObject() instanceof ServerOptions options) {
            return options.server();
        }
        for (CommandSpec mixin : spec.mixins().values()) {
            String server = server(mixin);
            if (!server.isEmpty()) {
                return server;
            }
        }
        return "";
    }
}
