package io.headwater.broker.observe;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** Metrics without labels, each read from its owner at the moment of a scrape. */
record ReadValues(PrometheusRegistry registry) {
    void counter(String name, String help, DoubleSupplier value) {
        registry.register(CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(counter -> counter.call(value.getAsDouble()))
                .build());
    }

    void gauge(String name, String help, DoubleSupplier value) {
        registry.register(GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(gauge -> gauge.call(value.getAsDouble()))
                .build());
    }

    void histogram(String name, String help, Supplier<LatencyHistogram.Snapshot> source) {
        Collector collector = () -> {
            LatencyHistogram.Snapshot snapshot = source.get();
            long[] counts = snapshot.counts();
            Number[] boxed = new Number[counts.length];
            for (int i = 0; i < counts.length; i++) {
                boxed[i] = counts[i];
            }
            return HistogramSnapshot.builder()
                    .name(name)
                    .help(help)
                    .dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                            .classicHistogramBuckets(
                                    ClassicHistogramBuckets.of(LatencyHistogram.Snapshot.upperSeconds(), boxed))
                            .sum(snapshot.sumSeconds())
                            .build())
                    .build();
        };
        registry.register(collector);
    }
}
