package io.headwater.cli.queue;

import picocli.CommandLine.Command;

/** Groups the queue commands. */
@Command(
        name = "queue",
        description = {
            "Work through a topic record by record: each goes to one consumer, is acknowledged, and gone for the group.",
            "A group belongs to a topic and begins with its earliest record. docs/queues.md tells the whole story."
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            QueueCreate.class,
            QueueList.class,
            QueueDescribe.class,
            QueueAlter.class,
            QueueDelete.class,
            QueueReceive.class,
            QueueSettle.class,
            QueueWork.class,
            QueueBrowse.class,
            QueueExplain.class,
            QueueRedrive.class,
            QueueReplay.class,
            QueueMove.class,
            QueuePurge.class,
            QueueCancel.class,
            QueuePause.class,
            QueueResume.class
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue create orders billing --keyed",
            "  headwater queue work orders billing --exec './bill.sh' --concurrency 4",
            "  headwater queue describe orders billing",
            "  headwater queue explain orders billing --key customer-7"
        })
public final class QueueCommand {
    QueueCommand() {}
}
