package io.headwater.client;

import io.headwater.record.Compression;
import java.time.Duration;
import java.util.function.Function;

/** Collects a producer's settings; the record checks them. */
final class ProducerBuilder implements Producer.Builder {
    private final Function<ProducerSettings, Producer> factory;
    private int batchBytes = 256 * 1024;
    private long lingerNs;
    private Compression compression = Compression.NONE;
    private long maxMemoryBytes = 64L * 1024 * 1024;
    private int maxInFlight = 16;

    ProducerBuilder(Function<ProducerSettings, Producer> factory) {
        this.factory = factory;
    }

    @Override
    public Producer.Builder batchBytes(int bytes) {
        batchBytes = bytes;
        return this;
    }

    @Override
    public Producer.Builder linger(Duration linger) {
        lingerNs = linger.toNanos();
        return this;
    }

    @Override
    public Producer.Builder compression(Compression type) {
        compression = type;
        return this;
    }

    @Override
    public Producer.Builder maxMemoryBytes(long bytes) {
        maxMemoryBytes = bytes;
        return this;
    }

    @Override
    public Producer.Builder maxInFlight(int batches) {
        maxInFlight = batches;
        return this;
    }

    @Override
    public Producer build() {
        return factory.apply(new ProducerSettings(batchBytes, lingerNs, compression, maxMemoryBytes, maxInFlight));
    }
}
