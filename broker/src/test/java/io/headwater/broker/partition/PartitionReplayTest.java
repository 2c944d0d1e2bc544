package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.record.EntryKind;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PartitionReplayTest {
    private static final List<EntryKind> KINDS =
            List.of(EntryKind.GROUP_OPS, EntryKind.QUEUE_OPS, EntryKind.CHECKPOINT);
    private static final PartitionInfo INFO = new PartitionInfo(1, 1, "jobs", 0, 1);

    /** A broker that is wrong about one partition goes on with the others. */
    @Test
    void entriesThatMakeNoSenseStopTheirPartitionOnly() {
        AtomicInteger refused = new AtomicInteger();
        Seeds.run(500, random -> {
            try (DataDirectory data =
                    SteppedDirectory.open(Path.of("/data"), new MemoryDisk(), () -> 0, Runnable::run)) {
                PartitionLog log = data.log(INFO.partitionId());
                log.appendControl(KINDS.get(random.nextInt(KINDS.size())), nonsense(random), INFO.epoch(), 1);
                log.flush();
                try {
                    Partition.open(
                            INFO,
                            log,
                            new OwnDisk(log, INFO.epoch()),
                            () -> 0,
                            List.of(),
                            new HeapBudget(1 << 20),
                            new Now(0, 0));
                } catch (LogOfflineException e) {
                    refused.incrementAndGet();
                    assertTrue(String.valueOf(e.getMessage()).startsWith("partition 1 cannot be replayed: "));
                }
            }
        });
        assertTrue(refused.get() > 250, refused + " refused");
    }

    private static ByteBuffer nonsense(SplittableRandom random) {
        byte[] bytes = new byte[1 + random.nextInt(60)];
        random.nextBytes(bytes);
        bytes[0] = (byte) (1 + random.nextInt(4)); // most versions are known
        return ByteBuffer.wrap(bytes);
    }
}
