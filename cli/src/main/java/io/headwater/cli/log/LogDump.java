package io.headwater.cli.log;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.record.Envelope;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogDumper;
import io.headwater.storage.LogDumper.Dump;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows what a segment file holds. */
@Command(
        name = "dump",
        description = {
            "Show the entries of a segment file, whether or not a broker would accept it. Changes nothing.",
            "Ends with 1 if something in it is wrong; what a crash or a running broker leaves at the end of an open "
                    + "segment counts as that."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater log dump ./data/partitions/1/00000000000000000000.log")
final class LogDump implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "FILE", description = "A segment: a file that ends with .log.")
    private Path file = Path.of("");

    @Mixin
    private FormatOption format = new FormatOption();

    LogDump(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Dump dump;
        if (Files.isDirectory(file)) {
            throw CommandFailure.failed(file + " is a directory (expected: a segment, a file that ends with .log)");
        }
        try {
            dump = LogDumper.dump(new FileSystemDisk(), file, visitor());
        } catch (NoSuchFileException e) {
            throw CommandFailure.failed("no such file: " + file);
        } catch (IOException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()));
        }
        terminal.out().flush();
        terminal.say("partition " + dump.partitionId() + ", entries " + dump.baseIndex() + ".." + dump.endIndex()
                + ", offsets " + dump.baseOffset() + ".." + dump.endOffset() + ", "
                + Human.bytes(dump.end()) + (dump.sealed() ? ", sealed" : ", open"));
        if (dump.problem() != null) {
            throw CommandFailure.failed(file + " @" + dump.end() + ": " + dump.problem());
        }
        return ExitCode.OK;
    }

    private LogDumper.Visitor visitor() {
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            return (position, envelope, payload, intact) -> lines.object(
                    json -> EntryText.of(position, envelope, payload, intact).fields(json));
        }
        return new LogDumper.Visitor() {
            private boolean hasHeader;

            @Override
            public void entry(long position, Envelope envelope, ByteBuffer payload, boolean intact) {
                if (!hasHeader) {
                    hasHeader = true;
                    terminal.out().line(EntryText.HEADER);
                }
                terminal.out()
                        .line(EntryText.of(position, envelope, payload, intact).line());
            }
        };
    }
}
