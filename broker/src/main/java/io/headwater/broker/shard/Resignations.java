package io.headwater.broker.shard;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.replica.ControllerMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * Epochs that a copy here was to lead and cannot: it is broken, or has no room. Nobody else would ever lead them, so the
 * controller is told until the metadata show another epoch.
 */
final class Resignations {
    private static final long AGAIN_MS = 1_000;

    private record Resigned(long partitionId, int epoch) {}

    private final ReplicaPost post;
    private final List<Resigned> all = new ArrayList<>();
    private long toldMs;

    Resignations(ReplicaPost post) {
        this.post = post;
    }

    /** Where the metadata name this broker, as it runs now, and others have copies. */
    void addIfNamed(PartitionInfo info, NodeInfo self) {
        Leader leader = info.leader();
        boolean named =
                leader != null && leader.nodeId() == self.nodeId() && leader.incarnation() == self.incarnation();
        if (named && !info.replicas().isOnly(self.replica())) {
            add(info.partitionId(), info.epoch());
        }
    }

    void add(long partitionId, int epoch) {
        Resigned from = new Resigned(partitionId, epoch);
        if (!all.contains(from)) {
            all.add(from);
            tell(from);
        }
    }

    /** What has become of them by now. */
    void follow(MetadataImage image) {
        all.removeIf(each -> {
            PartitionInfo info = image.partition(each.partitionId());
            return info == null || info.epoch() != each.epoch();
        });
    }

    void tick(long nowMs) {
        if (!all.isEmpty() && nowMs - toldMs >= AGAIN_MS) {
            toldMs = nowMs;
            all.forEach(this::tell);
        }
    }

    private void tell(Resigned from) {
        post.tellController(from.partitionId(), new ControllerMessage.SealWanted(from.epoch()));
    }

    /** In how many milliseconds {@link #tick} has something to do; the largest long: not before something happens. */
    long nextInMs(long nowMs) {
        return all.isEmpty() ? Long.MAX_VALUE : Math.max(0, toldMs + AGAIN_MS - nowMs);
    }
}
