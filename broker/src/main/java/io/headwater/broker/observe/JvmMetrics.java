package io.headwater.broker.observe;

import io.netty.util.internal.PlatformDependent;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/** The few things about the JVM that explain a broker's trouble, under their customary names. */
final class JvmMetrics {
    private JvmMetrics() {}

    static void register(PrometheusRegistry registry) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        registry.register(GaugeWithCallback.builder()
                .name("jvm_memory_used_bytes")
                .help("Used memory of the JVM's areas; direct: Netty's buffers.")
                .labelNames("area")
                .callback(gauge -> {
                    gauge.call((double) memory.getHeapMemoryUsage().getUsed(), "heap");
                    gauge.call((double) memory.getNonHeapMemoryUsage().getUsed(), "nonheap");
                    gauge.call((double) Math.max(0, PlatformDependent.usedDirectMemory()), "direct");
                })
                .build());
        registry.register(GaugeWithCallback.builder()
                .name("jvm_memory_max_bytes")
                .help("The heap's limit.")
                .labelNames("area")
                .callback(
                        gauge -> gauge.call((double) memory.getHeapMemoryUsage().getMax(), "heap"))
                .build());
        registry.register(CounterWithCallback.builder()
                .name("jvm_gc_collection_seconds_total")
                .help("Time spent collecting garbage.")
                .labelNames("gc")
                .callback(counter -> {
                    for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
                        counter.call(Math.max(0, gc.getCollectionTime()) / 1000.0, gc.getName());
                    }
                })
                .build());
        registry.register(GaugeWithCallback.builder()
                .name("jvm_threads_current")
                .help("Threads.")
                .callback(
                        gauge -> gauge.call(ManagementFactory.getThreadMXBean().getThreadCount()))
                .build());
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.UnixOperatingSystemMXBean os) {
            registry.register(CounterWithCallback.builder()
                    .name("process_cpu_seconds_total")
                    .help("CPU time of the process.")
                    .callback(counter -> counter.call(os.getProcessCpuTime() / 1e9))
                    .build());
            registry.register(GaugeWithCallback.builder()
                    .name("process_open_fds")
                    .help("Open file descriptors.")
                    .callback(gauge -> gauge.call((double) os.getOpenFileDescriptorCount()))
                    .build());
            registry.register(GaugeWithCallback.builder()
                    .name("process_max_fds")
                    .help("The limit of open file descriptors.")
                    .callback(gauge -> gauge.call((double) os.getMaxFileDescriptorCount()))
                    .build());
        }
    }
}
