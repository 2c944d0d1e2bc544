package io.headwater.broker.consensus;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** How Ratis runs here, where that is not its default, and why. */
final class RatisSettings {
    private RatisSettings() {}

    static RaftProperties of(Path directory) {
        RaftProperties properties = new RaftProperties();
        RaftConfigKeys.Rpc.setType(properties, new RatisTransport());
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.toFile()));

        // The defaults of 150 to 300 ms change leaders on a busy machine. Records do not wait for it.
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, ms(1_500));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, ms(2_500));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, ms(100));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, ms(300));
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, ms(3_000));

        // From one voter to three in one step: it is a joint change, and new voters are brought up before it begins.
        RaftServerConfigKeys.LeaderElection.setMemberMajorityAdd(properties, true);

        // A voter whose log cannot be read must not go on with a part of it.
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, CorruptionPolicy.EXCEPTION);
        // Little is written: megabytes of buffers would only be memory.
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("256KB"));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, SizeInBytes.valueOf("512KB"));

        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, 100_000);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        return properties;
    }

    private static TimeDuration ms(long ms) {
        return TimeDuration.valueOf(ms, TimeUnit.MILLISECONDS);
    }
}
