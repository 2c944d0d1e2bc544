package io.headwater.broker.consensus;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.headwater.storage.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/**
 * Makes a voter that has lost the others the only one, while it does not run. Ratis takes the newest of the configurations in
 * its log and in a file beside it: that file gets one that is newer than all in the log.
 */
public final class OnlyVoter {
    private static final String CONFIGURATION = "raft-meta.conf";

    /** Nobody is there. */
    public static final RaftCalls NOBODY = new RaftCalls() {
        @Override
        public byte[] call(String voter, Call call, byte[] request) throws IOException {
            throw new IOException("voter " + voter + ": nobody is asked");
        }

        @Override
        public void serve(String voter, Endpoint endpoint) {
            // Nobody calls.
        }
    };

    private OnlyVoter() {}

    /** Returns who voted before. */
    public static List<String> make(Disk disk, Path directory, RatisQuorum.Membership membership) throws IOException {
        Path current = RatisQuorum.currentOf(directory, membership);
        TornTail.cut(current);
        List<String> before;
        long newest;
        RatisQuorum quorum = RatisQuorum.open(disk, directory, membership, NOBODY, () -> {});
        try {
            before = quorum.voters();
            newest = quorum.configurationIndex();
        } finally {
            quorum.close();
        }
        LogEntryProto entry = LogEntryProto.newBuilder()
                .setIndex(newest + 1)
                .setConfigurationEntry(RaftConfigurationProto.newBuilder()
                        .addPeers(RaftPeerProto.newBuilder()
                                .setId(ByteString.copyFromUtf8(membership.self()))
                                .setStartupRole(RaftPeerRole.FOLLOWER)))
                .build();
        Path partial = current.resolve(CONFIGURATION + ".partial");
        try (FileChannel out = FileChannel.open(partial, CREATE, TRUNCATE_EXISTING, WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(entry.toByteArray());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(partial, current.resolve(CONFIGURATION), ATOMIC_MOVE);
        disk.syncDirectory(current);
        return before;
    }
}
