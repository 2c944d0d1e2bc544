package io.headwater.benchmarks.jmh;

import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import io.headwater.client.StreamConsumer.TopicPartition;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Client, wire, broker and disk together, in one JVM. An operation is a record. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EndToEndBenchmark {
    private static final int MANY = 10_000;

    @Param({"100", "1024"})
    public int recordBytes;

    private byte[] value = new byte[0];
    private @Nullable InProcessBroker broker;
    private @Nullable Producer producer;

    @Setup(Level.Trial)
    public void start() throws Exception {
        value = Batches.value(recordBytes);
        InProcessBroker started = new InProcessBroker();
        broker = started;
        started.createTopic("written", 1);
        started.createTopic("read", 1);
        Producer opened = started.client().producer().build();
        producer = opened;
        send(opened, "read", MANY);
    }

    @TearDown(Level.Trial)
    public void stop() throws IOException {
        if (broker != null) {
            broker.close();
        }
    }

    private static <T> T present(@Nullable T field) {
        if (field == null) {
            throw new IllegalStateException("not set up");
        }
        return field;
    }

    private void send(Producer to, String topic, int records) {
        for (int i = 0; i < records; i++) {
            var unused = to.send(ProducerRecord.of(topic, value));
        }
        to.flush();
    }

    /** One record at a time: send, sync, acknowledge. */
    @Benchmark
    public Acknowledgement sendAndWait() {
        return present(producer).send(ProducerRecord.of("written", value)).join();
    }

    /** As many as fit, then wait for all. */
    @Benchmark
    @OperationsPerInvocation(MANY)
    public void sendMany() {
        send(present(producer), "written", MANY);
    }

    /** A new consumer reads what is there. */
    @Benchmark
    @OperationsPerInvocation(MANY)
    public int consumeMany() {
        int records = 0;
        try (StreamConsumer consumer = present(broker)
                .client()
                .streamConsumer()
                .partitions(new TopicPartition("read", 0))
                .from(Position.beginning())
                .build()) {
            while (records < MANY) {
                records += consumer.poll(Duration.ofSeconds(1)).size();
            }
        }
        return records;
    }
}
