package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.load.LoadTarget;
import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import io.headwater.benchmarks.load.LoadTarget.Sink;
import io.headwater.benchmarks.load.LoadTarget.SinkSettings;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/** From the start of a broker's process until it has acknowledged a record. */
final class FirstRecord {
    private FirstRecord() {}

    /** Starts the process; the caller closes it. */
    record Started(BrokerProcess broker, double seconds) {}

    @FunctionalInterface
    interface Starter {
        BrokerProcess start() throws IOException, InterruptedException;
    }

    /** @param partitions for the topic, where it has to be made */
    static Started timed(Starter starter, String topic, int partitions) throws IOException, InterruptedException {
        long startNs = SystemNanoClock.INSTANCE.nanoTime();
        BrokerProcess broker = starter.start();
        try {
            broker.awaitPort();
            try (LoadTarget target = broker.system().connect(broker.port())) {
                target.ensureTopic(topic, partitions);
                sendOne(target, topic);
                return new Started(broker, (SystemNanoClock.INSTANCE.nanoTime() - startNs) / 1e9);
            }
        } catch (IOException | RuntimeException e) {
            broker.close();
            throw e;
        }
    }

    private static void sendOne(LoadTarget target, String topic) {
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        Outcomes outcomes = new Outcomes() {
            @Override
            public void acknowledged(long dueNs) {}

            @Override
            public void failed(Throwable cause) {
                failure.set(cause);
            }
        };
        try (Sink sink = target.openSink(topic, SinkSettings.defaults(), outcomes)) {
            sink.send(0, new byte[100], Sink.UNTIMED);
            sink.flush();
        }
        Throwable cause = failure.get();
        if (cause != null) {
            throw new IllegalStateException("the first record failed", cause);
        }
    }
}
