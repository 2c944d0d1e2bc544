package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.copy.CopyLog;
import io.headwater.broker.copy.Views;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.replica.AttachId;
import io.headwater.broker.replica.Entries;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.record.ControlPayload;
import io.headwater.record.EntryKind;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogStart;
import io.headwater.storage.Mark;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.ReplicaFlag;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A copy here that may lack what it has acknowledged gets the rest, and its disk does not take that it is whole. */
class SuspectCopyTest {
    private static final Predicate<Path> MARKS =
            path -> path.getFileName().toString().startsWith("marks");

    private final SteppedOwners owners = new SteppedOwners(new SplittableRandom(1), 1);
    private PartitionInfo info;
    private Shard shard;

    @BeforeEach
    void isSuspectAndHasAllButTheNewsOfIt() throws IOException {
        info = owners.startAsFollowerOf(2);
        shard = owners.owner(info);
        long id = info.partitionId();
        owners.data().marks().expect(new long[] {id});
        owners.data().marks().raise(id, ReplicaFlag.SUSPECT);
        shard.replicas().followMetadata();

        ReplicaId me = Views.id(owners.image.node(1).replica());
        // The copies are opened one after the other, and each attaches at once.
        long attempt = (info.index() + 1L << Integer.SIZE) + 1;
        AttachId attach = new AttachId(me, owners.image.node(1).incarnation(), attempt);
        int epoch = info.epoch();
        shard.replicas().receive(id, LogStart.OF_ALL, new ReplicaMessage.AttachOk(epoch, attach, 0, 0, 1));
        shard.replicas().receive(id, LogStart.OF_ALL, new ReplicaMessage.Append(epoch, me, epochStart(id, epoch), 0));
        shard.doWork();
        owners.commit();
        assertTrue(isSuspect());
    }

    private static Entries epochStart(long partitionId, int epoch) throws IOException {
        DataDirectory leaders = SteppedDirectory.open(Path.of("/leader"), new MemoryDisk(), () -> 1_000, work -> {});
        PartitionLog log = leaders.log(partitionId);
        log.appendControl(EntryKind.EPOCH_START, ControlPayload.epochStart(), epoch, 1_000);
        return new CopyLog(log, leaders.marks(), () -> 1_000).read(0, 1_000);
    }

    private boolean isSuspect() {
        Mark mark = new Mark();
        return owners.data().marks().load(info.partitionId(), mark) && mark.has(ReplicaFlag.SUSPECT);
    }

    @Test
    void countsAgain() {
        shard.doWork();
        assertFalse(isSuspect());
        assertEquals(0, shard.gauges().offlinePartitions);
    }

    @Test
    void isOfflineWhereTheMarksCannotBeWrittenAndNothingElseEnds() {
        owners.disk.failWrites(MARKS);
        shard.doWork();
        assertTrue(shard.replicas().isBroken(info.partitionId()));
        assertEquals(1, shard.gauges().offlinePartitions);
        shard.doWork();
    }
}
