package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ControllerMessage.SealWanted;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.work.LetterBox.Delivery;
import io.headwater.storage.LogStart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A copy that is to lead, and has no room for the first entry of its epoch. */
class NoRoomToLeadTest {
    private static final int CONTROLLER = 2;

    private final List<ControllerMessage> told = new ArrayList<>();
    private final List<ControllerMessage> reports = new ArrayList<>();
    private final SteppedOwners owners = new SteppedOwners(new SplittableRandom(1), 1);

    private final class Keeping implements ReplicaPost {
        @Override
        public void send(int node, long partitionId, LogStart start, ReplicaMessage message) {}

        @Override
        public void answer(int controllerNode, long partitionId, ControllerMessage.SealReport report) {
            reports.add(report);
        }

        @Override
        public void tellController(long partitionId, ControllerMessage message) {
            told.add(message);
        }

        @Override
        public void deliver(int node, long partitionId, ByteBuffer batch, Consumer<Delivery> back) {
            throw new AssertionError("nothing is moved");
        }

        @Override
        public void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back) {
            throw new AssertionError("nothing is copied");
        }

        @Override
        public void flush() {}
    }

    private PartitionInfo elect(PartitionInfo before, int node) {
        long id = before.partitionId();
        seal(before);
        PartitionInfo sealed = Objects.requireNonNull(owners.image.partition(id));
        owners.apply(Command.newBuilder()
                .setElect(Elect.newBuilder()
                        .addItems(Elect.Item.newBuilder()
                                .setPartitionId(id)
                                .setEpoch(sealed.epoch())
                                .setCfgVer(sealed.cfgVer())
                                .setNodeId(node)
                                .setIncarnation(Objects.requireNonNull(owners.image.node(node))
                                        .incarnation()))));
        return Objects.requireNonNull(owners.image.partition(id));
    }

    private void seal(PartitionInfo info) {
        owners.apply(Command.newBuilder()
                .setSeal(Seal.newBuilder()
                        .addItems(Seal.Item.newBuilder()
                                .setPartitionId(info.partitionId())
                                .setEpoch(info.epoch()))));
    }

    private void rounds(Shard shard, int count) {
        for (int i = 0; i < count; i++) {
            owners.nowMs += 500;
            owners.round();
            shard.replicas().tick(owners.nowMs);
        }
    }

    @Test
    void asksForAnotherLeaderAndIsNoneUntilItMayHaveRoom() throws IOException {
        owners.post = new Keeping();
        PartitionInfo info = owners.startAsFollowerOf(2);
        Shard shard = owners.owner(info);
        shard.replicas().followMetadata();
        rounds(shard, 3);
        told.clear();

        owners.disk.fullAfter(0);
        PartitionInfo named = elect(info, 1);
        shard.replicas().followMetadata();
        assertEquals(List.of(new SealWanted(named.epoch())), told);
        rounds(shard, 3);
        assertFalse(shard.replicas().isBroken(info.partitionId()), "it is well but for the room");

        seal(named);
        PartitionInfo sealed = Objects.requireNonNull(owners.image.partition(info.partitionId()));
        shard.replicas().followMetadata();
        shard.replicas().seal(CONTROLLER, info.partitionId(), sealed.epoch());
        rounds(shard, 1);
        assertEquals(List.of(), reports, "who does not report is not elected");

        owners.disk.heal();
        rounds(shard, 12);
        shard.replicas().seal(CONTROLLER, info.partitionId(), sealed.epoch());
        rounds(shard, 3);
        assertEquals(1, reports.size());
    }
}
