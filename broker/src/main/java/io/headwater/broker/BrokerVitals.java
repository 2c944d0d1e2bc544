package io.headwater.broker;

import io.headwater.broker.net.InFlight;
import io.headwater.broker.net.Listener;
import io.headwater.broker.observe.LatencyHistogram;
import io.headwater.broker.observe.QueueFigures;
import io.headwater.broker.observe.Vitals;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.shard.Owners;
import io.headwater.broker.shard.ShardGauges;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.DurationHistogram;
import io.headwater.storage.Scrubber;
import io.headwater.storage.StorageException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Reads what the rooms count. */
final class BrokerVitals implements Vitals {
    private final Owners owners;
    private final Listener listener;
    private final InFlight inFlight;
    private final DataDirectory data;

    BrokerVitals(Owners owners, Listener listener, InFlight inFlight, DataDirectory data) {
        this.owners = owners;
        this.listener = listener;
        this.inFlight = inFlight;
        this.data = data;
    }

    @Override
    public int connections() {
        return listener.connections();
    }

    @Override
    public int offlinePartitions() {
        return owners.gauges().stream().mapToInt(ShardGauges::offlinePartitions).sum();
    }

    @Override
    public int openPartitions() {
        return owners.gauges().stream().mapToInt(ShardGauges::openPartitions).sum();
    }

    @Override
    public long logBytes() {
        return data.unopenedBytes()
                + owners.gauges().stream().mapToLong(ShardGauges::logBytes).sum();
    }

    @Override
    public long usableBytes() {
        try {
            return data.usableBytes();
        } catch (StorageException e) {
            return -1;
        }
    }

    @Override
    public Scrubbing scrubbing() {
        Scrubber scrubber = data.scrubber();
        return scrubber == null
                ? Scrubbing.NONE
                : new Scrubbing(
                        scrubber.bytes(), scrubber.suspected(), scrubber.divergences(), scrubber.roundEndedMs());
    }

    @Override
    public long inFlightBytes() {
        return inFlight.bytes();
    }

    @Override
    public long readPauses() {
        return inFlight.pauses();
    }

    @Override
    public Traffic traffic() {
        Traffic sum = Traffic.NONE;
        for (ShardGauges gauges : owners.gauges()) {
            var one = gauges.traffic();
            sum = sum.plus(new Traffic(
                    one.recordsIn(),
                    one.bytesIn(),
                    one.recordsOut(),
                    one.bytesOut(),
                    one.recordsInPerSecond(),
                    one.bytesInPerSecond(),
                    one.recordsOutPerSecond(),
                    one.bytesOutPerSecond()));
        }
        return sum;
    }

    @Override
    public List<Integer> ownerMailboxes() {
        return owners.backlogs();
    }

    @Override
    public LatencyHistogram.Snapshot produceLatency() {
        LatencyHistogram.Snapshot sum = LatencyHistogram.Snapshot.empty();
        for (ShardGauges gauges : owners.gauges()) {
            sum = sum.plus(gauges.produceLatency().snapshot());
        }
        return sum;
    }

    @Override
    public LatencyHistogram.Snapshot syncDuration() {
        DurationHistogram cycles = data.groupCommit().cycleTimes();
        return LatencyHistogram.Snapshot.of(upperNs -> cycles.countUpToUs(upperNs / 1000), cycles.sumUs() * 1000);
    }

    @Override
    public long duplicateRecords() {
        return owners.gauges().stream()
                .mapToLong(gauges -> gauges.traffic().duplicateRecords())
                .sum();
    }

    @Override
    public QueueMemory queueMemory() {
        HeapBudget budget = owners.queueMemory();
        Map<String, Long> used = new TreeMap<>();
        for (HeapBudget.Use use : HeapBudget.Use.values()) {
            used.put(use.name().toLowerCase(Locale.ROOT), budget.usedBytes(use));
        }
        return new QueueMemory(budget.maxBytes(), used);
    }

    @Override
    public List<QueueFigures> queues() {
        Map<String, QueueFigures> sums = new TreeMap<>();
        for (ShardGauges gauges : owners.gauges()) {
            for (QueueFigures one : gauges.queues()) {
                sums.merge(one.topic() + "/" + one.group(), one, QueueFigures::plus);
            }
        }
        return List.copyOf(sums.values());
    }
}
