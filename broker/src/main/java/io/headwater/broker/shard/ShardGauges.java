package io.headwater.broker.shard;

import io.headwater.broker.observe.LatencyHistogram;
import io.headwater.broker.observe.QueueFigures;
import io.headwater.broker.stream.Traffic;
import java.util.List;
import org.agrona.concurrent.EpochClock;

/** What one owner counts. Written by its thread; any may read. */
public final class ShardGauges {
    private final Traffic traffic;
    private final LatencyHistogram produceLatency = new LatencyHistogram();
    volatile int openPartitions;
    volatile int offlinePartitions;
    volatile int readers;
    volatile long logBytes;
    volatile List<QueueFigures> queues = List.of();

    ShardGauges(EpochClock clock) {
        this.traffic = new Traffic(clock);
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

    /** Of each queue group in each open partition; about a second old. */
    public List<QueueFigures> queues() {
        return queues;
    }
}
