package io.headwater.broker.observe;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * The metrics of one broker. All of them are read from their owners at the moment of a scrape; between scrapes they cost
 * nothing. Thread-safe.
 */
public final class Metrics {
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ReadValues values = new ReadValues(registry);

    /** What does not come from {@link Vitals}. Any thread. */
    public interface House {
        int topics();

        int partitions();

        int groups();

        /** Of groups with members. */
        List<GroupLag> groupLags();

        int controlMailbox();

        Health health();
    }

    /** @param cluster of a member of one; empty: it stands alone, and has nothing to tell of others */
    public Metrics(Vitals vitals, House house, Optional<ClusterVitals> cluster) {
        traffic(vitals);
        state(vitals, house);
        groups(house);
        queues(vitals);
        cluster.ifPresent(member -> ClusterMetrics.register(registry, member));
        JvmMetrics.register(registry);
    }

    /** All metrics now. */
    MetricSnapshots scrape() {
        return registry.scrape();
    }

    private void traffic(Vitals vitals) {
        values.counter(
                "headwater_produce_records_total",
                "Records appended.",
                () -> vitals.traffic().recordsIn());
        values.counter(
                "headwater_produce_bytes_total",
                "Bytes of batches appended.",
                () -> vitals.traffic().bytesIn());
        values.counter(
                "headwater_produce_duplicate_records_total",
                "Records with a message id of their topic's deduplication window: confirmed, and not stored.",
                vitals::duplicateRecords);
        values.counter(
                "headwater_deliver_records_total",
                "Records sent to consumers.",
                () -> vitals.traffic().recordsOut());
        values.counter(
                "headwater_deliver_bytes_total",
                "Bytes of entries sent to consumers.",
                () -> vitals.traffic().bytesOut());
        values.counter(
                "headwater_read_pauses_total",
                "How often a socket was not read because a bound on memory or replies was reached.",
                vitals::readPauses);
        values.histogram(
                "headwater_produce_request_seconds",
                "From a produce request's arrival to its reply.",
                vitals::produceLatency);
        values.histogram("headwater_sync_seconds", "Duration of one group commit.", vitals::syncDuration);
    }

    private void state(Vitals vitals, House house) {
        values.gauge("headwater_connections", "Open client connections.", vitals::connections);
        values.gauge("headwater_topics", "Topics.", house::topics);
        values.gauge("headwater_partitions", "Partitions of all topics.", house::partitions);
        values.gauge("headwater_groups", "Groups, with members or without.", house::groups);
        values.gauge("headwater_partitions_open", "Partitions whose log is open.", vitals::openPartitions);
        values.gauge(
                "headwater_partitions_offline",
                "Partitions taken offline by a failed sync or read, or by damage. Above 0 somebody must act.",
                vitals::offlinePartitions);
        values.gauge("headwater_log_bytes", "Bytes of all logs, without what is preallocated.", vitals::logBytes);
        values.counter(
                "headwater_scrubbed_bytes_total",
                "Bytes of logs that were read in the background in search of damage.",
                () -> vitals.scrubbing().bytes());
        values.counter(
                "headwater_scrub_suspected_total",
                "Places that this found damaged. What the partition's owner finds damaged too goes offline.",
                () -> vitals.scrubbing().suspected());
        values.counter(
                "headwater_derived_state_mismatches_total",
                "Checkpoints in logs that are not what the entries before them lead to. Above 0 somebody must look: the log says what differs.",
                () -> vitals.scrubbing().divergences());
        values.gauge(
                "headwater_scrub_round_end_seconds",
                "When all logs had been read in search of damage last, in seconds since 1970; 0: never yet.",
                () -> vitals.scrubbing().roundEndedMs() / 1000.0);
        values.gauge("headwater_disk_free_bytes", "Free space on the data directory's disk.", vitals::usableBytes);
        values.gauge("headwater_in_flight_bytes", "Produce bytes received and not answered.", vitals::inFlightBytes);
        values.gauge(
                "headwater_ready",
                "1: ready for work; 0: /readyz says why not.",
                () -> house.health().ready() ? 1 : 0);
        registry.register(GaugeWithCallback.builder()
                .name("headwater_mailbox_depth")
                .help("Requests waiting for their owner.")
                .labelNames("owner")
                .callback(gauge -> {
                    List<Integer> owners = vitals.ownerMailboxes();
                    for (int i = 0; i < owners.size(); i++) {
                        gauge.call(owners.get(i), "shard-" + i);
                    }
                    gauge.call(house.controlMailbox(), "control");
                })
                .build());
    }

    private void groups(House house) {
        registry.register(GaugeWithCallback.builder()
                .name("headwater_group_lag_records")
                .help("Committed records that a group has not processed yet; as of the last few seconds.")
                .labelNames("group")
                .callback(gauge -> house.groupLags().forEach(lag -> gauge.call((double) lag.records(), lag.group())))
                .build());
        registry.register(GaugeWithCallback.builder()
                .name("headwater_group_lag_seconds")
                .help("Age of the oldest record that a group has not processed yet; as of the last few seconds.")
                .labelNames("group")
                .callback(gauge -> house.groupLags().forEach(lag -> gauge.call(lag.ms() / 1000.0, lag.group())))
                .build());
    }

    private void queues(Vitals vitals) {
        values.gauge(
                "headwater_queue_memory_limit_bytes",
                "What queues may take of the heap: queues.memory.",
                () -> vitals.queueMemory().limit());
        registry.register(GaugeWithCallback.builder()
                .name("headwater_queue_memory_bytes")
                .help("What queues take of queues.memory: for records of groups, for what consumers said about failures"
                        + " (reasons), for which done records were not acknowledged (history), for message ids, for the"
                        + " sizes of batches (batches), and for where records are in them (places).")
                .labelNames("use")
                .callback(gauge -> vitals.queueMemory().used().forEach((use, bytes) -> gauge.call((double) bytes, use)))
                .build());
        registry.register(GaugeWithCallback.builder()
                .name("headwater_queue_records")
                .help("Records of a queue group that are not done, by state; as of the last second.")
                .labelNames("topic", "group", "state")
                .callback(gauge -> vitals.queues().forEach(queue -> {
                    gauge.call((double) queue.ready(), queue.topic(), queue.group(), "ready");
                    gauge.call((double) queue.waiting(), queue.topic(), queue.group(), "scheduled");
                    gauge.call((double) queue.leased(), queue.topic(), queue.group(), "leased");
                    gauge.call((double) queue.dead(), queue.topic(), queue.group(), "dead");
                    gauge.call((double) queue.moving(), queue.topic(), queue.group(), "moving");
                }))
                .build());
        queueGauge(
                vitals,
                "headwater_queue_oldest_ready_seconds",
                "Age of the oldest ready record; 0 where none is ready.",
                queue -> Math.max(0, queue.oldestReadyMs()) / 1000.0);
        registry.register(CounterWithCallback.builder()
                .name("headwater_queue_delivered_total")
                .help("Deliveries, redeliveries included.")
                .labelNames("topic", "group")
                .callback(counter -> vitals.queues()
                        .forEach(queue -> counter.call((double) queue.delivered(), queue.topic(), queue.group())))
                .build());
        registry.register(CounterWithCallback.builder()
                .name("headwater_queue_acknowledged_total")
                .help("Records acknowledged.")
                .labelNames("topic", "group")
                .callback(counter -> vitals.queues()
                        .forEach(queue -> counter.call((double) queue.acked(), queue.topic(), queue.group())))
                .build());
        registry.register(CounterWithCallback.builder()
                .name("headwater_queue_moved_total")
                .help("Dead records that are in the dead-letter topic.")
                .labelNames("topic", "group")
                .callback(counter -> vitals.queues()
                        .forEach(queue -> counter.call((double) queue.moved(), queue.topic(), queue.group())))
                .build());
        registry.register(CounterWithCallback.builder()
                .name("headwater_queue_moved_by_hand_total")
                .help("Records that operators have moved and that are in the other topic.")
                .labelNames("topic", "group")
                .callback(counter -> vitals.queues()
                        .forEach(queue -> counter.call((double) queue.movedByHand(), queue.topic(), queue.group())))
                .build());
        registry.register(CounterWithCallback.builder()
                .name("headwater_queue_too_old_total")
                .help("Records that died because they were older than their topic's maximum age.")
                .labelNames("topic", "group")
                .callback(counter -> vitals.queues()
                        .forEach(queue -> counter.call((double) queue.tooOld(), queue.topic(), queue.group())))
                .build());
        registry.register(CounterWithCallback.builder()
                .name("headwater_queue_returned_total")
                .help(
                        "Attempts that ended without an acknowledgement, by cause: each leads to a redelivery or to a dead"
                                + " record.")
                .labelNames("topic", "group", "cause")
                .callback(counter -> vitals.queues().forEach(queue -> {
                    QueueFigures.Returned returned = queue.returned();
                    counter.call((double) returned.released(), queue.topic(), queue.group(), "released");
                    counter.call((double) returned.failed(), queue.topic(), queue.group(), "failed");
                    counter.call((double) returned.rejected(), queue.topic(), queue.group(), "rejected");
                    counter.call((double) returned.expired(), queue.topic(), queue.group(), "expired");
                    counter.call((double) returned.lost(), queue.topic(), queue.group(), "lost");
                }))
                .build());
        queueTimes(
                vitals,
                "headwater_queue_time_in_queue_seconds",
                "From ingestion to the first delivery, of the slowest partition.",
                QueueFigures::timeInQueueP50Ms,
                QueueFigures::timeInQueueP99Ms);
        queueTimes(
                vitals,
                "headwater_queue_processing_seconds",
                "Processing as consumers report it, of the slowest partition.",
                QueueFigures::processingP50Ms,
                QueueFigures::processingP99Ms);
    }

    private void queueGauge(Vitals vitals, String name, String help, ToDoubleFunction<QueueFigures> value) {
        registry.register(GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("topic", "group")
                .callback(gauge -> vitals.queues()
                        .forEach(queue -> gauge.call(value.applyAsDouble(queue), queue.topic(), queue.group())))
                .build());
    }

    /** Nothing where nothing was measured. */
    private void queueTimes(
            Vitals vitals,
            String name,
            String help,
            ToLongFunction<QueueFigures> medianMs,
            ToLongFunction<QueueFigures> p99Ms) {
        registry.register(GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("topic", "group", "quantile")
                .callback(gauge -> vitals.queues().forEach(queue -> {
                    if (medianMs.applyAsLong(queue) >= 0) {
                        gauge.call(medianMs.applyAsLong(queue) / 1000.0, queue.topic(), queue.group(), "0.5");
                        gauge.call(p99Ms.applyAsLong(queue) / 1000.0, queue.topic(), queue.group(), "0.99");
                    }
                }))
                .build());
    }
}
