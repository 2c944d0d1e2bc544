package io.headwater.broker.partition;

import io.headwater.record.EntryKind;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.PartitionLog;
import java.nio.ByteBuffer;

/** A partition that commits what its own disk has, for tests of what stands above its log. */
public final class OwnDisk implements Commitment {
    private final PartitionLog log;
    private final int epoch;

    public OwnDisk(PartitionLog log, int epoch) {
        this.log = log;
        this.epoch = epoch;
    }

    @Override
    public int epoch() {
        return epoch;
    }

    @Override
    public void beforeAppend() throws DiskFullException, LogOfflineException {
        if (log.lastEpoch() < epoch) {
            log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1}), epoch, 0);
        }
    }

    @Override
    public long index() {
        return log.durableIndex();
    }
}
