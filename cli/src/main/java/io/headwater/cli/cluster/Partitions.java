package io.headwater.cli.cluster;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.client.Admin;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Topic;

/** Partitions by the names that people give. */
final class Partitions {
    private Partitions() {}

    /** @throws CommandFailure if there is none */
    static Partition find(Admin admin, PartitionName name) {
        for (Topic topic : admin.topics()) {
            if (topic.getName().equals(name.topic())) {
                if (name.index() >= topic.getPartitionsCount()) {
                    throw CommandFailure.failed("partition " + name + ": topic " + name.topic() + " has "
                            + topic.getPartitionsCount() + " (expected: 0 to " + (topic.getPartitionsCount() - 1)
                            + ")");
                }
                return topic.getPartitions(name.index());
            }
        }
        throw CommandFailure.failed(
                "topic " + name.topic() + " does not exist (expected: one that headwater topic list names)");
    }
}
