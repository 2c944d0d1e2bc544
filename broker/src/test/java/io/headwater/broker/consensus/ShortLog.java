package io.headwater.broker.consensus;

import io.headwater.storage.FileSystemDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.SizeInBytes;

/** Starts voters that take a snapshot after 50 entries, and delete what is before it. */
public final class ShortLog {
    private ShortLog() {}

    /** @param place its own, made where it is missing */
    public static RatisQuorum start(
            Path place, RatisQuorum.Membership membership, StartupOption option, RaftCalls calls) throws IOException {
        RaftProperties properties = RatisSettings.of(Files.createDirectories(place));
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, 50);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("4KB"));
        return RatisQuorum.start(new FileSystemDisk(), membership, option, properties, calls, () -> {});
    }
}
