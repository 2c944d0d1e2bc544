package io.headwater.broker.control;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.observe.Health;
import io.headwater.broker.observe.LatencyHistogram;
import io.headwater.broker.observe.Vitals;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.Status;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;

/** What this broker is, has and does. */
final class StatusHandler {
    private final BrokerFacts facts;
    private final Proposals proposals;
    private final Vitals vitals;
    private final Supplier<Health> health;
    private final EpochClock clock;

    StatusHandler(BrokerFacts facts, Proposals proposals, Vitals vitals, Supplier<Health> health, EpochClock clock) {
        this.facts = facts;
        this.proposals = proposals;
        this.vitals = vitals;
        this.health = health;
        this.clock = clock;
    }

    void status(GetStatus request, Reply reply) {
        MetadataImage image = proposals.image();
        Vitals.Traffic traffic = vitals.traffic();
        LatencyHistogram.Snapshot syncs = vitals.syncDuration();
        reply.send(Status.newBuilder()
                .setClusterId(image.clusterId())
                .setNodeId(facts.nodeId())
                .setSoftware(facts.software())
                .setStartedMs(facts.startedMs())
                .setUptimeMs(clock.time() - facts.startedMs())
                .setDataDirectory(facts.dataDirectory())
                .setListen(facts.listen())
                .setAdmin(facts.admin())
                .setTopics(image.topicCount())
                .setPartitions(image.partitionCount())
                .setGroups(image.groupCount())
                .setConnections(vitals.connections())
                .setOfflinePartitions(vitals.offlinePartitions())
                .setLogBytes(vitals.logBytes())
                .setDiskFreeBytes(vitals.usableBytes())
                .setRecordsInPerSecond(traffic.recordsInPerSecond())
                .setBytesInPerSecond(traffic.bytesInPerSecond())
                .setRecordsOutPerSecond(traffic.recordsOutPerSecond())
                .setBytesOutPerSecond(traffic.bytesOutPerSecond())
                .setSyncP50Us(syncs.percentileNs(0.50) / 1000)
                .setSyncP99Us(syncs.percentileNs(0.99) / 1000)
                .setHealth(health.get().summary())
                .setHeapUsedBytes(
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed())
                .setPid(facts.pid())
                .build());
    }
}
