package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;

/** Data directories without threads, for simulations of other rooms. */
public final class SteppedDirectory {
    private SteppedDirectory() {}

    /**
     * Small segments. The caller runs the group commit's steps, looks for itself what is durable, and does the work on
     * files where it wants it.
     */
    public static DataDirectory open(Path path, Disk disk, EpochClock clock, Executor background) throws IOException {
        return DataDirectory.openStepped(
                path, TestDirectory.SMALL, disk, clock, () -> 0, () -> new UUID(1, 2), new Deaf(), background);
    }

    /** The same with clocks and an id of the caller's, who hears what is durable. */
    public static DataDirectory open(
            Path path,
            Disk disk,
            EpochClock epochClock,
            NanoClock nanoClock,
            Supplier<UUID> newId,
            DurabilityListener listener,
            Executor background)
            throws IOException {
        return DataDirectory.openStepped(
                path, TestDirectory.SMALL, disk, epochClock, nanoClock, newId, listener, background);
    }

    private static final class Deaf implements DurabilityListener {
        @Override
        public void durable(long partitionId, long endIndex, long endOffset) {}

        @Override
        public void failed(long partitionId, Throwable cause) {}

        @Override
        public void cycleEnded() {}
    }
}
