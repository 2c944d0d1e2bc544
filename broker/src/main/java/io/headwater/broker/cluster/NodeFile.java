package io.headwater.broker.cluster;

import com.google.protobuf.InvalidProtocolBufferException;
import io.headwater.broker.metadata.DamagedMetadataException;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.wire.NodeRecord;
import io.headwater.storage.Disk;
import io.headwater.storage.Journal;
import io.headwater.storage.LogVerifier.OtherJournal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a member knows of itself and of its cluster, on its own disk: one record, replaced as a whole. The picture in it may
 * be old. Any thread may call.
 */
final class NodeFile implements AutoCloseable {
    /** The file's name in the data directory. */
    static final String FILE_NAME = "cluster";

    static final int JOURNAL_TAG = 0x4d454d42; // MEMB

    /**
     * @param runs under which this directory registered or tried to, the last one last; the others since one was confirmed
     * @param voter whether its voter has been started, ever
     */
    record Known(String clusterId, int nodeId, List<String> runs, boolean voter, MetadataImage picture) {
        Known {
            runs = List.copyOf(runs);
        }

        Known withRun(String run) {
            List<String> all = new ArrayList<>(runs);
            all.add(run);
            return new Known(clusterId, nodeId, all, voter, picture);
        }

        Known confirmed(String run) {
            return new Known(clusterId, nodeId, List.of(run), voter, picture);
        }

        Known asVoter() {
            return new Known(clusterId, nodeId, runs, true, picture);
        }

        Known withoutVote() {
            return new Known(clusterId, nodeId, runs, false, picture);
        }

        Known with(MetadataImage newer) {
            return new Known(clusterId, nodeId, runs, voter, newer);
        }
    }

    private final Journal journal;
    private volatile @Nullable Known known;

    private NodeFile(Journal journal, @Nullable Known known) {
        this.journal = journal;
        this.known = known;
    }

    /**
     * Opens the file or makes an empty one.
     *
     * @throws IOException if bytes changed on disk, or do not make sense
     */
    static NodeFile open(Disk disk, Path dataDirectory) throws IOException {
        Path path = dataDirectory.resolve(FILE_NAME);
        List<byte[]> records = new ArrayList<>();
        Journal journal = Journal.open(disk, path, JOURNAL_TAG, records::add);
        try {
            return new NodeFile(journal, records.isEmpty() ? null : parse(path, records.get(records.size() - 1)));
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
    }

    private static Known parse(Path path, byte[] bytes) throws DamagedMetadataException {
        try {
            NodeRecord wire = NodeRecord.parseFrom(bytes);
            return new Known(
                    wire.getClusterId(),
                    wire.getNodeId(),
                    wire.getRunsList(),
                    wire.getVoter(),
                    MetadataCodec.image(wire.getPicture()));
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw new DamagedMetadataException(path + ": cannot be read: " + e.getMessage());
        }
    }

    /** For a verifier of the directory. Serves once. */
    static OtherJournal verifiable() {
        String[] complaint = {"says nothing of a cluster"};
        return new OtherJournal(
                FILE_NAME, JOURNAL_TAG, record -> complaint[0] = complaintAbout(record), () -> complaint[0]);
    }

    private static String complaintAbout(byte[] record) {
        try {
            parse(Path.of(FILE_NAME), record);
            return "";
        } catch (DamagedMetadataException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** What was written last; null: nothing, this directory is no member's yet. */
    @Nullable
    Known known() {
        return known;
    }

    /** Durable when it returns. After a failure the file says what it said before, and this may be tried again. */
    synchronized void write(Known next) throws IOException {
        NodeRecord wire = NodeRecord.newBuilder()
                .setClusterId(next.clusterId())
                .setNodeId(next.nodeId())
                .addAllRuns(next.runs())
                .setVoter(next.voter())
                .setPicture(MetadataCodec.snapshot(next.picture()))
                .build();
        journal.rewrite(List.of(wire.toByteArray()));
        known = next;
    }

    /** Keeps a newer picture with what it says of this node, if it says anything. Durable when it returns. */
    synchronized void keep(MetadataImage picture) throws IOException {
        Known last = known;
        if (last != null && last.picture() != picture) {
            write(last.with(picture));
        }
    }

    @Override
    public synchronized void close() throws IOException {
        journal.close();
    }
}
