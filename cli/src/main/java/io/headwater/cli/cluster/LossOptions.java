package io.headwater.cli.cluster;

import io.headwater.cli.shell.CommandFailure;
import picocli.CommandLine.Option;

/** Of commands that give up what may have been acknowledged: seen first, then wanted, and kept for the record. */
final class LossOptions {
    @Option(names = "--reason", defaultValue = "", description = "Why, for the record.")
    private String reason = "";

    @Option(
            names = "--operator",
            defaultValue = "${sys:user.name}",
            description = "Who wants this, for the record (default: ${DEFAULT-VALUE}).")
    private String operator = "";

    @Option(names = "--dry-run", description = "Show what would be kept, and do nothing.")
    private boolean dryRun;

    @Option(names = "--accept-loss", description = "Do it.")
    private boolean acceptLoss;

    String reason() {
        return reason;
    }

    String operator() {
        return operator;
    }

    boolean isDryRun() {
        return dryRun;
    }

    void requireSense() {
        if (dryRun == acceptLoss) {
            throw CommandFailure.usage(
                    "--dry-run or --accept-loss (expected: one of them; see first what would be lost)");
        }
        if (acceptLoss && reason.isBlank()) {
            throw CommandFailure.usage("--reason: empty (expected: why, for those who ask later where records are)");
        }
    }
}
