package io.headwater.broker.cluster;

import static java.nio.file.StandardOpenOption.WRITE;

import io.headwater.broker.consensus.OnlyVoter;
import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.consensus.RatisVoters;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.RecoverMetadata;
import io.headwater.storage.DirectoryLock;
import io.headwater.storage.Disk;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Makes the voter in a data directory the only one that decides about the cluster's metadata, because the others are lost.
 * While its broker does not run. It is tried on a copy; the original stays beside it.
 */
public final class MetadataRecovery {
    private static final String TRIAL = RatisVoters.DIRECTORY + ".trial";
    private static final String BEFORE = RatisVoters.DIRECTORY + ".before-recovery";
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(5);
    /** Some thirty seconds: nobody else is asked. */
    private static final int MOST_PAUSES = 6_000;

    private final Disk disk;
    private final Path dataDirectory;

    /** Who wants it, and why, for the record. */
    public record Request(String operator, String reason, long atMs, boolean dryRun) {}

    /**
     * What there is to go on from.
     *
     * @param votersBefore nodes
     */
    public record Found(int nodeId, List<Integer> votersBefore, MetadataImage image) {}

    private MetadataRecovery(Disk disk, Path dataDirectory) {
        this.disk = disk;
        this.dataDirectory = dataDirectory;
    }

    /** @throws IOException also if there is no voter, or none that may be used; nothing has changed then */
    public static Found recover(Disk disk, Path dataDirectory, Request request) throws IOException {
        if (!disk.exists(dataDirectory.resolve(NodeFile.FILE_NAME))) {
            throw new IOException(dataDirectory + ": not the data directory of a member of a cluster");
        }
        DirectoryLock lock = DirectoryLock.acquire(disk, dataDirectory);
        try (NodeFile file = NodeFile.open(disk, dataDirectory)) {
            return new MetadataRecovery(disk, dataDirectory).recover(known(dataDirectory, file), request);
        } finally {
            lock.close();
        }
    }

    private static NodeFile.Known known(Path dataDirectory, NodeFile file) throws IOException {
        NodeFile.Known known = file.known();
        if (known == null || !known.voter()) {
            throw new IOException(dataDirectory
                    + ": this broker has no vote on the metadata, and cannot decide about them (expected: the directory of"
                    + " one of the voters; without any of those the metadata are lost)");
        }
        return known;
    }

    private Found recover(NodeFile.Known known, Request request) throws IOException {
        Path original = dataDirectory.resolve(RatisVoters.DIRECTORY);
        Path before = dataDirectory.resolve(BEFORE);
        Path trial = dataDirectory.resolve(TRIAL);
        if (!disk.exists(original) && disk.exists(before)) {
            disk.rename(before, original); // an earlier attempt got as far as this
        }
        if (disk.exists(before)) {
            throw new IOException(before + ": left by a recovery before (expected: nothing; put it elsewhere)");
        }
        RatisVoters.deleteAll(trial);
        copy(original, trial);
        Found found = tryOn(trial, known, request);
        if (request.dryRun()) {
            RatisVoters.deleteAll(trial);
        } else {
            disk.rename(original, before);
            disk.rename(trial, original);
            disk.syncDirectory(dataDirectory);
        }
        return found;
    }

    private Found tryOn(Path trial, NodeFile.Known known, Request request) throws IOException {
        NodeInfo self = known.picture().node(known.nodeId());
        if (self == null) {
            throw new IOException(dataDirectory + ": its broker is no part of the cluster any more");
        }
        VoterName name = VoterName.of(self);
        RatisQuorum.Membership membership = new RatisQuorum.Membership(known.clusterId(), name.toString(), List.of());
        List<String> voters = OnlyVoter.make(disk, trial, membership);
        if (!voters.contains(name.toString())) {
            throw new IOException(dataDirectory + ": it voted once, and does not any more: " + voters + " do");
        }
        RatisQuorum quorum = RatisQuorum.open(disk, trial, membership, OnlyVoter.NOBODY, () -> {});
        try {
            await(quorum, quorum::isLeader);
            quorum.doWork();
            requireNewest(quorum.image(), known.picture());
            if (!request.dryRun()) {
                propose(quorum, known.nodeId(), request);
            }
            return new Found(
                    known.nodeId(), voters.stream().map(VoterName::nodeOf).toList(), quorum.image());
        } finally {
            quorum.close();
        }
    }

    /** What this broker has heard of, its voter has to have. */
    private void requireNewest(MetadataImage voted, MetadataImage heard) throws IOException {
        if (voted.appliedIndex() < heard.appliedIndex()) {
            throw new IOException(
                    dataDirectory + ": the log of its voter ends at metadata index " + voted.appliedIndex()
                            + ", and this broker has heard of " + heard.appliedIndex()
                            + " (expected: a voter that has all of it; try another one)");
        }
    }

    private static void propose(RatisQuorum quorum, int nodeId, Request request) throws IOException {
        CompletableFuture<Outcome> done = quorum.propose(Command.newBuilder()
                        .setProposedAtMs(request.atMs())
                        .setRecoverMetadata(RecoverMetadata.newBuilder()
                                .setNodeId(nodeId)
                                .setOperator(request.operator())
                                .setReason(request.reason()))
                        .build())
                .toCompletableFuture();
        await(quorum, done::isDone);
        if (done.join() instanceof Outcome.Refused refused) {
            throw new IOException(refused.message());
        }
    }

    private static void await(RatisQuorum quorum, BooleanSupplier condition) throws IOException {
        for (int pauses = 0; !condition.getAsBoolean(); pauses++) {
            if (pauses == MOST_PAUSES) {
                throw new IOException("the metadata's log does not come to a decision, though it is the only one");
            }
            quorum.doWork();
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** Durable when it returns. */
    private void copy(Path from, Path to) throws IOException {
        if (Files.isDirectory(from)) {
            disk.createDirectories(to);
            for (String name : disk.list(from)) {
                if (!name.endsWith(".lock")) {
                    copy(from.resolve(name), to.resolve(name));
                }
            }
            disk.syncDirectory(to);
        } else {
            Files.copy(from, to);
            try (FileChannel copied = FileChannel.open(to, WRITE)) {
                copied.force(true);
            }
        }
    }
}
