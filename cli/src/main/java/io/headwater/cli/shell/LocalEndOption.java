package io.headwater.cli.shell;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin;
import picocli.CommandLine.Option;

/** What a leader may say of its partition, of which it cannot be sure that it is the newest. */
public final class LocalEndOption {
    @Option(
            names = "--local-end",
            description = "Take what the partitions' leaders believe, without waiting until a majority of the replicas "
                    + "confirms it.")
    private boolean wanted;

    public boolean isWanted() {
        return wanted;
    }

    public QueueAdmin of(HeadwaterClient client) {
        return wanted ? client.queueAdmin().local() : client.queueAdmin();
    }
}
