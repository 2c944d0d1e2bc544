package io.headwater.cli.log;

import picocli.CommandLine.Command;

/** Groups the commands that read files. */
@Command(
        name = "log",
        description = "Read a data directory offline: no broker may run on it.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {LogVerify.class, LogDump.class},
        footerHeading = "%nExamples:%n",
        footer = {"  headwater log verify ./data", "  headwater log dump ./data/partitions/1/00000000000000000000.log"})
public final class LogCommand {
    LogCommand() {}
}
