package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.storage.Disk;
import io.headwater.storage.Journal;
import io.headwater.storage.LogVerifier.OtherJournal;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;

/**
 * Brings the metadata of a cluster of one up at the start of a broker: founds the cluster in a fresh data directory or
 * opens what is there, checks that it belongs with the marks beside it, and registers this run of the process, which
 * gives every partition a new epoch in one command.
 */
public final class LocalMetadata {
    /** The file's name in the data directory. */
    public static final String FILE_NAME = "metadata";

    /** Its name when a cluster has taken over what is in it. */
    static final String RETIRED = FILE_NAME + ".standalone";

    /** The node id of a cluster of one. */
    public static final int NODE_ID = 1;

    private LocalMetadata() {}

    /**
     * @param newClusterId asked only when a cluster is founded
     * @throws DamagedMetadataException if the metadata is missing, damaged, or of another time or cluster than the marks
     */
    public static MetadataQuorum start(
            Disk disk, Path dataDirectory, Marks marks, Supplier<UUID> newClusterId, EpochClock clock)
            throws IOException {
        Path file = dataDirectory.resolve(FILE_NAME);
        boolean unused = marks.partitionIds().length == 0;
        LocalQuorum quorum;
        if (unused && marks.clusterId().isEmpty() && isFresh(disk, file)) {
            quorum = LocalQuorum.create(disk, file, newClusterId.get().toString());
        } else {
            quorum = LocalQuorum.open(disk, file);
        }
        try {
            checkAgainst(marks, quorum.image(), file);
            marks.joinCluster(quorum.image().clusterId());
            register(quorum, marks.directoryId(), clock);
            return quorum;
        } catch (IOException | RuntimeException e) {
            quorum.close();
            throw e;
        }
    }

    /** Whether a broker that stood alone has used the directory. */
    public static boolean exists(Disk disk, Path dataDirectory) {
        return disk.exists(dataDirectory.resolve(FILE_NAME));
    }

    /**
     * What a broker that stood alone left behind.
     *
     * @throws DamagedMetadataException as {@link #start} does
     */
    public static MetadataImage read(Disk disk, Path dataDirectory, Marks marks) throws IOException {
        Path file = dataDirectory.resolve(FILE_NAME);
        try (LocalQuorum quorum = LocalQuorum.open(disk, file)) {
            checkAgainst(marks, quorum.image(), file);
            return quorum.image();
        }
    }

    /** A cluster has all of it: no start goes on from here any more. Quiet where there is nothing. */
    public static void retire(Disk disk, Path dataDirectory) throws IOException {
        if (exists(disk, dataDirectory)) {
            disk.rename(dataDirectory.resolve(FILE_NAME), dataDirectory.resolve(RETIRED));
            disk.syncDirectory(dataDirectory);
        }
    }

    /** For the verifier of a data directory. Serves once. */
    public static OtherJournal verifiable() {
        return LocalQuorum.verifiable(FILE_NAME);
    }

    /** No file, or one that the founding never got to fill. */
    private static boolean isFresh(Disk disk, Path file) throws IOException {
        if (!disk.exists(file)) {
            return true;
        }
        int[] records = new int[1];
        Journal.open(disk, file, LocalQuorum.JOURNAL_TAG, payload -> records[0]++)
                .close();
        if (records[0] > 0) {
            return false;
        }
        disk.delete(file);
        return true;
    }

    private static void checkAgainst(Marks marks, MetadataImage image, Path file) throws DamagedMetadataException {
        if (!marks.clusterId().isEmpty() && !marks.clusterId().equals(image.clusterId())) {
            throw new DamagedMetadataException(file + ": of cluster " + image.clusterId()
                    + ", but this data directory belongs to cluster " + marks.clusterId());
        }
        for (long partitionId : marks.partitionIds()) {
            if (partitionId >= image.nextPartitionId()) {
                throw new DamagedMetadataException(file + ": older than the logs beside it: partition " + partitionId
                        + " exists, but ids were given only up to " + (image.nextPartitionId() - 1)
                        + "; restore a metadata file of the same time as the rest of the directory");
            }
        }
    }

    private static void register(LocalQuorum quorum, UUID directoryId, EpochClock clock) throws IOException {
        CompletableFuture<Outcome> registered = quorum.propose(Command.newBuilder()
                        .setProposedAtMs(clock.time())
                        .setRegisterNode(
                                RegisterNode.newBuilder().setNodeId(NODE_ID).setDirectoryId(directoryId.toString()))
                        .build())
                .toCompletableFuture();
        quorum.doWork();
        if (registered.isCompletedExceptionally()) {
            throw new IOException("this broker cannot be registered: the metadata log cannot be written");
        }
        if (registered.join() instanceof Outcome.Refused refused) {
            throw new DamagedMetadataException(refused.message());
        }
    }
}
