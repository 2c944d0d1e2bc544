package io.headwater.client;

import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Collects a consumer's settings; the record checks them. */
final class ConsumerBuilder implements StreamConsumer.Builder {
    private final Function<ConsumerSettings, StreamConsumer> factory;
    private List<String> topics = List.of();
    private List<StreamConsumer.TopicPartition> partitions = List.of();
    private @Nullable String group;
    private String memberId = "";
    private Position from = Position.beginning();
    private @Nullable Position until;
    private boolean localEnds;
    private boolean autoCommit = true;
    private long autoCommitNs = Duration.ofSeconds(5).toNanos();
    private int maxBufferedBytes = 4 * 1024 * 1024;
    private int maxPollRecords = 10_000;
    private StreamConsumer.OutOfRange outOfRange = StreamConsumer.OutOfRange.FAIL;

    ConsumerBuilder(Function<ConsumerSettings, StreamConsumer> factory) {
        this.factory = factory;
    }

    @Override
    public StreamConsumer.Builder topics(String... names) {
        topics = List.of(names);
        return this;
    }

    @Override
    public StreamConsumer.Builder partitions(StreamConsumer.TopicPartition... wanted) {
        partitions = List.of(wanted);
        return this;
    }

    @Override
    public StreamConsumer.Builder group(String name) {
        group = name;
        return this;
    }

    @Override
    public StreamConsumer.Builder memberId(String id) {
        memberId = id;
        return this;
    }

    @Override
    public StreamConsumer.Builder from(Position start) {
        from = start;
        return this;
    }

    @Override
    public StreamConsumer.Builder until(Position end) {
        until = end;
        return this;
    }

    @Override
    public StreamConsumer.Builder localEnds() {
        localEnds = true;
        return this;
    }

    @Override
    public StreamConsumer.Builder manualCommit() {
        autoCommit = false;
        return this;
    }

    @Override
    public StreamConsumer.Builder autoCommitInterval(Duration interval) {
        autoCommit = true;
        autoCommitNs = interval.toNanos();
        return this;
    }

    @Override
    public StreamConsumer.Builder maxBufferedBytes(int bytes) {
        maxBufferedBytes = bytes;
        return this;
    }

    @Override
    public StreamConsumer.Builder maxPollRecords(int records) {
        maxPollRecords = records;
        return this;
    }

    @Override
    public StreamConsumer.Builder onOutOfRange(StreamConsumer.OutOfRange choice) {
        outOfRange = choice;
        return this;
    }

    @Override
    public StreamConsumer build() {
        return factory.apply(new ConsumerSettings(
                topics,
                partitions,
                group,
                memberId,
                from,
                until,
                localEnds,
                autoCommit,
                autoCommitNs,
                maxBufferedBytes,
                maxPollRecords,
                outOfRange));
    }
}
