package io.headwater.broker.control;

import io.headwater.broker.metadata.GroupInfo;
import io.headwater.broker.observe.GroupLag;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.GroupSummary;
import java.util.ArrayList;
import java.util.List;

/**
 * Lag of the groups that have members, for metrics: asked of the partitions only when somebody has looked at the last
 * report, and not more often than every ten seconds.
 */
final class LagReport {
    private static final long EVERY_NS = 10_000_000_000L;

    private final Announcer announcer;
    private final GroupReports reports;
    private volatile List<GroupLag> last = List.of();
    private volatile boolean wanted;
    private boolean running;
    private boolean ran;
    private long ranAtNs;

    LagReport(Announcer announcer, GroupReports reports) {
        this.announcer = announcer;
        this.reports = reports;
    }

    /** Any thread: what was known at the last look; asks for a fresher one. */
    List<GroupLag> read() {
        wanted = true;
        return last;
    }

    void tick(long nowNs) {
        if (!wanted || running || (ran && nowNs - ranAtNs < EVERY_NS)) {
            return;
        }
        wanted = false;
        running = true;
        ran = true;
        ranAtNs = nowNs;
        List<GroupLag> fresh = new ArrayList<>();
        List<LiveGroup> groups = new ArrayList<>(announcer.allLive());
        FanOut.gather(
                        groups,
                        group -> reports.describe(
                                        new GroupInfo(group.id, group.name, 0), GroupSummary.getDefaultInstance())
                                .thenApply(description -> fresh.add(sum(group.name, description.getPartitionsList()))))
                .whenComplete((answers, failure) -> {
                    last = List.copyOf(fresh);
                    running = false;
                });
    }

    private static GroupLag sum(String group, List<GroupPartition> partitions) {
        long records = 0;
        long ms = 0;
        for (GroupPartition partition : partitions) {
            records += Math.max(0, partition.getLagRecords());
            ms = Math.max(ms, partition.getLagMs());
        }
        return new GroupLag(group, records, ms);
    }
}
