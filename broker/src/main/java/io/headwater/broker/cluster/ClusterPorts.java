package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voters;
import io.headwater.broker.peer.Peers;
import io.headwater.storage.Disk;
import io.headwater.storage.Marks;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;

/**
 * What a member has of the outside world.
 *
 * @param dataDirectory whose lock this process holds
 * @param introduction hears who this broker is, before anything is said under that name
 * @param diskWork runs what waits for the disk and for which nobody waits, one at a time, off the owner's thread
 * @param newId for a new cluster, and for each run of the process
 * @param onFatal hears that this process must not go on; must end it
 */
public record ClusterPorts(
        Disk disk,
        Path dataDirectory,
        Marks marks,
        Peers peers,
        Voters voters,
        Introduction introduction,
        EpochClock epochClock,
        NanoClock nanoClock,
        Executor diskWork,
        Supplier<UUID> newId,
        Consumer<Throwable> onFatal) {
    /** Told once, on the thread that starts the member. */
    @FunctionalInterface
    public interface Introduction {
        void isNode(String clusterId, int nodeId);
    }
}
