package io.headwater.cli.group;

import picocli.CommandLine.Command;

/** Groups the group commands. */
@Command(
        name = "group",
        description = "List, describe, move and delete groups of consumers.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {GroupList.class, GroupDescribe.class, GroupSeek.class, GroupDelete.class},
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater consume orders --group billing",
            "  headwater group describe billing",
            "  headwater group seek billing --topic orders --to beginning"
        })
public final class GroupCommand {
    GroupCommand() {}
}
