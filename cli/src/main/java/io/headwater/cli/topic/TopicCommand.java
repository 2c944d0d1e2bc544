package io.headwater.cli.topic;

import picocli.CommandLine.Command;

/** Groups the topic commands. */
@Command(
        name = "topic",
        description = "Make, list, describe, change and delete topics; erase records.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TopicCreate.class,
            TopicList.class,
            TopicDescribe.class,
            TopicAlter.class,
            TopicErase.class,
            TopicDelete.class
        },
        footerHeading = "%nExamples:%n",
        footer = {"  headwater topic create orders --partitions 3 --retention 7d", "  headwater topic describe orders"})
public final class TopicCommand {
    TopicCommand() {}
}
