package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.AddLearner;
import io.headwater.broker.metadata.wire.BeginJoint;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.FinishJoint;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.metadata.wire.Replica;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.broker.metadata.wire.Transfer;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A broker that was cut off while what it led was moved to another one: it hears of all of that at once. */
class MovedCopyTest {
    private static final Replica OTHER = Replica.newBuilder()
            .setNodeId(2)
            .setDirectoryId("00000000-0000-0000-0000-000000000002")
            .build();

    private final SteppedOwners owners = new SteppedOwners(new SplittableRandom(1), 1);

    private PartitionInfo partition() {
        return Objects.requireNonNull(owners.image.topic("t")).partitions().get(0);
    }

    private static Replica wire(io.headwater.broker.metadata.Replica replica) {
        return Replica.newBuilder()
                .setNodeId(replica.nodeId())
                .setDirectoryId(replica.directoryId())
                .build();
    }

    private void change(Replica... voters) {
        long id = partition().partitionId();
        owners.apply(Command.newBuilder()
                .setBeginJoint(BeginJoint.newBuilder()
                        .setPartitionId(id)
                        .setCfgVer(partition().cfgVer())
                        .addAllVoters(List.of(voters))));
        owners.apply(Command.newBuilder()
                .setFinishJoint(FinishJoint.newBuilder()
                        .setPartitionId(id)
                        .setCfgVer(partition().cfgVer())));
    }

    @Test
    void whoWaitsForItIsSentToWhoLeadsNowAndNotToldThatItsTopicIsGone() throws Exception {
        owners.start();
        owners.apply(Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName("t")
                        .setPartitions(1)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE))));
        PartitionInfo before = partition();
        Owned owned = owners.owned(before);
        List<Error> errors = new ArrayList<>();
        owned.parkUntilDurable(new Parked() {
            @Override
            public long durableAtIndex() {
                return Long.MAX_VALUE;
            }

            @Override
            public void durable(Shard shard) {
                throw new AssertionError("it never is");
            }

            @Override
            public void failed(Shard shard, Error error) {
                errors.add(error);
            }
        });

        long id = before.partitionId();
        owners.apply(Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setDirectoryId(OTHER.getDirectoryId())
                        .setClientEndpoint("b2:9000")));
        owners.apply(Command.newBuilder()
                .setAddLearner(AddLearner.newBuilder().setPartitionId(id).setReplica(OTHER)));
        change(wire(before.replicas().voters().get(0)), OTHER);
        owners.apply(Command.newBuilder()
                .setTransfer(Transfer.newBuilder()
                        .setPartitionId(id)
                        .setEpoch(partition().epoch())
                        .setNodeId(2)
                        .setIncarnation(
                                Objects.requireNonNull(owners.image.node(2)).incarnation())));
        change(OTHER);
        owners.owner(before).replicas().followMetadata();

        assertEquals(1, errors.size());
        assertEquals(ErrorCode.ERROR_NOT_LEADER, errors.get(0).getCode(), errors::toString);
        assertTrue(errors.get(0).getUnknownOutcome(), "others may have it");
        assertEquals("b2:9000", errors.get(0).getEndpoint());
        assertTrue(owners.owner(before).replicas().copies().isEmpty());
    }
}
