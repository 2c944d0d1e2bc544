package io.headwater.broker.simulation;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import java.util.List;
import java.util.SplittableRandom;

/** Asks again and again where partitions end, of whoever the client takes for their leader. */
final class EndReader {
    private static final long MS = 1_000_000;

    private final World world;
    private final Client client;
    private final List<PartitionInfo> partitions;
    private final SplittableRandom random;

    EndReader(World world, Client client, List<PartitionInfo> partitions, SplittableRandom random) {
        this.world = world;
        this.client = client;
        this.partitions = partitions;
        this.random = random;
    }

    void ask() {
        PartitionInfo partition = partitions.get(random.nextInt(partitions.size()));
        long told = world.history.toldUntil(partition.index());
        FindOffset wanted = FindOffset.newBuilder()
                .setPartitionId(partition.partitionId())
                .setAnchor(Anchor.ANCHOR_END)
                .build();
        world.when(client.library().ask(FrameType.FIND_OFFSET, wanted, FindOffsetReply.class), (reply, failure) -> {
            world.trace(reply == null ? -1 : reply.getEndOffset());
            if (reply != null) {
                world.history.endRead(partition.index(), told, reply.getEndOffset());
            }
        });
        world.time().schedule(random.nextLong(MS, 300 * MS), this::ask);
    }
}
