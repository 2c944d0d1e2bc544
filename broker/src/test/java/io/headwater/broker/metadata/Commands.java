package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.AllocateProducerIds;
import io.headwater.broker.metadata.wire.AlterTopic;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateGroup;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.DeleteGroup;
import io.headwater.broker.metadata.wire.DeleteTopic;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.protocol.wire.AckLevel;
import java.util.SplittableRandom;

/** Metadata commands for tests. */
final class Commands {
    private Commands() {}

    static io.headwater.broker.metadata.wire.TopicPolicy.Builder policy() {
        return io.headwater.broker.metadata.wire.TopicPolicy.newBuilder()
                .setRetentionMs(1000)
                .setRetentionBytes(-1)
                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE);
    }

    static Command create(String name, int partitions) {
        return Command.newBuilder()
                .setProposedAtMs(77)
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName(name)
                        .setPartitions(partitions)
                        .setPolicy(policy()))
                .build();
    }

    static Command alter(String name, int partitions) {
        return Command.newBuilder()
                .setAlterTopic(AlterTopic.newBuilder()
                        .setName(name)
                        .setPartitions(partitions)
                        .setPolicy(policy().setRetentionMs(2000)))
                .build();
    }

    static Command delete(String name) {
        return Command.newBuilder()
                .setDeleteTopic(DeleteTopic.newBuilder().setName(name))
                .build();
    }

    static Command register(String directory) {
        return Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder().setNodeId(1).setDirectoryId(directory))
                .build();
    }

    static Command producerIds(int count) {
        return Command.newBuilder()
                .setAllocateProducerIds(AllocateProducerIds.newBuilder().setCount(count))
                .build();
    }

    static Command group(String name) {
        return Command.newBuilder()
                .setCreateGroup(CreateGroup.newBuilder().setName(name))
                .build();
    }

    static Command dropGroup(String name) {
        return Command.newBuilder()
                .setDeleteGroup(DeleteGroup.newBuilder().setName(name))
                .build();
    }

    static Command random(SplittableRandom random) {
        String name = "t" + random.nextInt(12);
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> create(name, 1 + random.nextInt(300));
            case 3 -> alter(name, 1 + random.nextInt(400));
            case 4, 5 -> delete(name);
            case 6 -> register("dir");
            case 7 -> producerIds(1 + random.nextInt(1000));
            case 8 -> group(name);
            default -> dropGroup(name);
        };
    }
}
