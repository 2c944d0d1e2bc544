package io.headwater.broker.shard;

import io.headwater.broker.observe.LatencyHistogram;
import io.headwater.broker.observe.QueueFigures;
import io.headwater.broker.observe.ReplicationFigures;
import io.headwater.broker.queue.Now;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.wire.ClusterLags;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.agrona.concurrent.EpochClock;

/** What one owner counts. Written by its thread; any may read. */
public final class ShardGauges {
    private static final long INTERVAL_MS = 1000;

    private final EpochClock clock;
    private final Traffic traffic;
    private final LatencyHistogram produceLatency = new LatencyHistogram();
    volatile int openPartitions;
    volatile int offlinePartitions;
    volatile int readers;
    volatile long logBytes;
    volatile List<QueueFigures> queues = List.of();
    volatile ReplicationFigures replication = ReplicationFigures.NONE;
    volatile ClusterLags lags = ClusterLags.getDefaultInstance();
    /** The owner's; others read them in {@link #replication}. */
    long leadershipsBegun;

    long leadershipsEnded;
    /** Copies that gave up what was damaged, and that had all of it again. */
    long repairsBegun;

    long repairsEnded;
    private long updatedMs;
    private boolean stale;

    ShardGauges(EpochClock clock) {
        this.clock = clock;
        this.traffic = new Traffic(clock);
    }

    /** Whether something has happened since the last {@link #update}, and that is a while ago. */
    boolean isDue(boolean worked) {
        stale |= worked;
        return stale && Math.abs(clock.time() - updatedMs) >= INTERVAL_MS;
    }

    void update(Replicas replicas, int readersNow, Now now) {
        updatedMs = now.wallMs();
        Collection<Owned> opened = replicas.served();
        long bytes = 0;
        List<QueueFigures> figures = new ArrayList<>();
        for (Owned owned : opened) {
            bytes += owned.partition.log().stats().bytes();
            if (owned.hasQueues()) {
                owned.figures(now, figures);
            }
        }
        queues = figures;
        logBytes = bytes;
        openPartitions = opened.size();
        readers = readersNow;
        ReplicationCount count = new ReplicationCount(now.monotonicMs());
        replicas.copies().forEach(count::add);
        replication = count.figures(leadershipsBegun, leadershipsEnded, repairsBegun, repairsEnded);
        lags = count.lags();
        // How long somebody has been behind changes though nothing happens.
        stale = count.isAnybodyBehind();
    }

    /** In how many milliseconds there is something to look at; the largest long: not before something happens. */
    long nextInMs() {
        return stale ? INTERVAL_MS : Long.MAX_VALUE;
    }

    public Traffic traffic() {
        return traffic;
    }

    /** From a produce frame's arrival to its reply. */
    public LatencyHistogram produceLatency() {
        return produceLatency;
    }

    public int openPartitions() {
        return openPartitions;
    }

    public int offlinePartitions() {
        return offlinePartitions;
    }

    public int readers() {
        return readers;
    }

    /** Of the open partitions; about a second old while there is traffic. */
    public long logBytes() {
        return logBytes;
    }

    /** About a second old. */
    public ReplicationFigures replication() {
        return replication;
    }

    /** Of those who follow what is led here; about a second old. */
    public ClusterLags lags() {
        return lags;
    }

    /** Of each queue group in each open partition; about a second old. */
    public List<QueueFigures> queues() {
        return queues;
    }
}
