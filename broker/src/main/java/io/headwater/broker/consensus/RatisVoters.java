package io.headwater.broker.consensus;

import io.headwater.broker.metadata.DamagedMetadataException;
import io.headwater.storage.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Voters of Ratis, whose logs are in a place of their own in the data directory. */
public final class RatisVoters implements Voters {
    /** The directory's name in the data directory. */
    public static final String DIRECTORY = "quorum";

    private final Disk disk;
    private final Path directory;
    private final RaftCalls calls;

    public RatisVoters(Disk disk, Path dataDirectory, RaftCalls calls) {
        this.disk = disk;
        this.directory = dataDirectory.resolve(DIRECTORY);
        this.calls = calls;
    }

    @Override
    public RatisQuorum start(RatisQuorum.Membership membership, boolean used, Runnable news) throws IOException {
        if (used) {
            try {
                return RatisQuorum.open(disk, directory, membership, calls, news);
            } catch (IOException e) {
                throw damaged(e);
            }
        }
        // A start that did not get far enough for anybody to hear of this voter.
        deleteAll(directory);
        return RatisQuorum.create(disk, directory, membership, calls, news);
    }

    private DamagedMetadataException damaged(IOException cause) {
        DamagedMetadataException damaged = new DamagedMetadataException(directory
                + ": this node is a voter of the cluster's metadata, and what it has voted and agreed to cannot be read: "
                + cause.getMessage()
                + " (expected: all of it; never take it from a backup, but let this node leave the cluster and join with an"
                + " empty data directory)");
        damaged.initCause(cause);
        return damaged;
    }

    public static void deleteAll(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
