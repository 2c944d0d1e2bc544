package io.headwater.broker;

import io.headwater.storage.Disk;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.SyncMode;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.SystemNanoClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a broker has of the outside world, each with a real and a simulated side.
 *
 * @param syncMode anything but {@link SyncMode#EVERY_COMMIT} loses acknowledged records; for tests and benchmarks
 * @param newId asked once in the life of a cluster, and once in that of a data directory
 * @param onFatal hears of a broken invariant on an owner's or the control thread; must end the process
 */
public record Ports(
        Disk disk,
        EpochClock epochClock,
        NanoClock nanoClock,
        SyncMode syncMode,
        Supplier<UUID> newId,
        Consumer<Throwable> onFatal) {
    private static final Logger LOG = LoggerFactory.getLogger(Ports.class);
    private static final int EXIT_BROKEN_INVARIANT = 70;

    @ReadsRealTime
    public static Ports real() {
        return new Ports(
                new FileSystemDisk(),
                SystemEpochClock.INSTANCE,
                SystemNanoClock.INSTANCE,
                SyncMode.EVERY_COMMIT,
                UUID::randomUUID,
                Ports::halt);
    }

    public Ports withDisk(Disk other) {
        return new Ports(other, epochClock, nanoClock, syncMode, newId, onFatal);
    }

    public Ports withEpochClock(EpochClock other) {
        return new Ports(disk, other, nanoClock, syncMode, newId, onFatal);
    }

    public Ports withSyncMode(SyncMode other) {
        return new Ports(disk, epochClock, nanoClock, other, newId, onFatal);
    }

    /** Not an orderly exit: nothing may write to the logs any more. What is on the disk is as after a crash. */
    private static void halt(Throwable cause) {
        try {
            LOG.error("broker: an invariant is broken; the process ends at once so that no data is harmed", cause);
        } finally {
            // To say why may fail for the same reason, for want of memory or of a descriptor to load a class with.
            Runtime.getRuntime().halt(EXIT_BROKEN_INVARIANT);
        }
    }
}
