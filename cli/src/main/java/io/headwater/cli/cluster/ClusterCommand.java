package io.headwater.cli.cluster;

import picocli.CommandLine.Command;

/** Groups the cluster commands. */
@Command(
        name = "cluster",
        description = "Look at the cluster, and change who leads and holds what.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ClusterStatus.class,
            ClusterTransfer.class,
            ClusterMove.class,
            ClusterRebalance.class,
            ClusterDecommission.class,
            ClusterUpgrade.class,
            ClusterUnsafeRecover.class,
            ClusterRecoverMetadata.class
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater cluster status",
            "  headwater cluster transfer orders:3 2",
            "  headwater cluster decommission 3 --dry-run"
        })
public final class ClusterCommand {
    ClusterCommand() {}
}
