package io.headwater.cli.bench;

import picocli.CommandLine.Command;

/** Groups the load driver's commands. */
@Command(
        name = "bench",
        description = {
            "Measure a broker: throughput of producing, of consuming and of working through a queue, "
                    + "and end-to-end latency at a steady rate.",
            "Latency counts from the time at which a record was due (open loop), so that a stall is not hidden."
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {BenchProduce.class, BenchConsume.class, BenchLatency.class, BenchQueue.class},
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater bench produce --records 1000000 --record-bytes 1KiB",
            "  headwater bench consume",
            "  headwater bench latency --rate 5000 --duration 30s --format json",
            "  headwater bench queue --consumers 4"
        })
public final class BenchCommand {
    BenchCommand() {}
}
