package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.FenceNode;
import io.headwater.broker.metadata.wire.UnfenceNode;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.Mark;
import io.headwater.storage.ReplicaFlag;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is damaged here is given up only where others can be expected to have it. */
class AbsencesTest {
    private static final CorruptLogException DAMAGE =
            new CorruptLogException(Path.of("/data/partitions/1/00000000000000000000.log"), 300, "a bit has flipped");

    private final SteppedOwners owners = new SteppedOwners(new SplittableRandom(1), 1);
    private final ShardGauges gauges = new ShardGauges(() -> owners.nowMs);
    private final Absences absences = new Absences(gauges);
    private long id;

    @BeforeEach
    void isDamagedAndAnotherLeads() throws IOException {
        PartitionInfo ledElsewhere = owners.startAsFollowerOf(2);
        id = ledElsewhere.partitionId();
        owners.data().marks().expect(new long[] {id});
        absences.broke(ledElsewhere, DAMAGE, DAMAGE, false);
        assertEquals(1, gauges.offlinePartitions);
    }

    private void heal() {
        absences.heal(owners.image.partition(id), 1, owners.image, owners.data());
    }

    private boolean isSuspect() {
        Mark mark = new Mark();
        return owners.data().marks().load(id, mark) && mark.has(ReplicaFlag.SUSPECT);
    }

    @Test
    void isGivenUpWhereAllOtherVotersAreAlive() {
        heal();
        assertTrue(isSuspect());
        assertNull(absences.broken(id));
    }

    /** What was acknowledged while it was away is with the leader and here, and nowhere else. */
    @Test
    void isKeptWhileAnyOtherVoterIsAway() {
        long away = owners.image.node(3).incarnation();
        owners.apply(Command.newBuilder()
                .setFenceNode(FenceNode.newBuilder().setNodeId(3).setIncarnation(away)));
        heal();
        assertFalse(isSuspect());
        assertNotNull(absences.broken(id));
        owners.apply(Command.newBuilder()
                .setUnfenceNode(UnfenceNode.newBuilder().setNodeId(3).setIncarnation(away)));
        heal();
        assertTrue(isSuspect());
        assertEquals(0, gauges.offlinePartitions);
    }
}
