package io.headwater.cli.consume;

import io.headwater.cli.print.RecordFormat;
import io.headwater.cli.shell.Progress;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Position.Kind;
import io.headwater.client.StreamConsumer;
import io.headwater.client.StreamConsumer.TopicPartition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.TopicDescription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Polls, prints, and commits what was printed: a position is committed only after the output has taken the records, so
 * that a reader that goes away ({@code | head}) loses nothing of its group.
 */
final class ConsumeLoop {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long COMMIT_INTERVAL_NS = 1_000_000_000;

    private final Terminal terminal;
    private final RecordFormat format;
    private final ConsumeOptions options;
    private final Progress progress;
    private long records;
    private long lastCommitNs;
    private boolean uncommitted;
    private boolean idle;
    private volatile boolean stopped;
    private volatile @Nullable StreamConsumer running;

    ConsumeLoop(Terminal terminal, RecordFormat format, ConsumeOptions options) {
        this.terminal = terminal;
        this.format = format;
        this.options = options;
        this.progress = Progress.besideData(terminal);
    }

    /** Ends the loop after the record that is being printed. From any thread. */
    void stop() {
        stopped = true;
        StreamConsumer consumer = running;
        if (consumer != null) {
            consumer.wakeup();
        }
    }

    long records() {
        return records;
    }

    /** Returns when the end is reached, enough was printed, or {@link #stop} was called. */
    void run(HeadwaterClient client, TopicDescription topic) {
        try (StreamConsumer consumer = consumer(client, topic)) {
            running = consumer;
            lastCommitNs = terminal.nanoClock().getAsLong();
            while (!stopped && records < options.max() && !isDone(consumer)) {
                List<ConsumedRecord> polled = consumer.poll(POLL);
                print(polled);
                idle = polled.isEmpty();
                if (options.group() != null) {
                    uncommitted |= !polled.isEmpty();
                    commitIfDue(consumer);
                }
            }
            terminal.out().flush();
            if (uncommitted) {
                consumer.commit();
            }
        } finally {
            running = null;
            progress.clear();
        }
    }

    private void print(List<ConsumedRecord> polled) {
        for (ConsumedRecord record : polled) {
            if (records == options.max()) {
                break;
            }
            format.write(record);
            records++;
        }
        if (polled.isEmpty() || options.follow()) {
            terminal.out().flush();
        }
        progress.tick(() -> Human.count(records, "record"));
    }

    private boolean isDone(StreamConsumer consumer) {
        return consumer.isAtEnd() || isPast();
    }

    /** With --follow, an ingestion time is an end that lies ahead; it is over when the time is, even if nothing came. */
    private boolean isPast() {
        Position to = options.to();
        return options.follow()
                && to != null
                && to.kind() == Kind.INGESTION_TIME
                && terminal.wallClock().millis() > to.value() + POLL.toMillis()
                && idle;
    }

    private void commitIfDue(StreamConsumer consumer) {
        long nowNs = terminal.nanoClock().getAsLong();
        if (uncommitted && nowNs - lastCommitNs >= COMMIT_INTERVAL_NS) {
            terminal.out().flush();
            consumer.commit();
            uncommitted = false;
            lastCommitNs = nowNs;
        }
    }

    private StreamConsumer consumer(HeadwaterClient client, TopicDescription topic) {
        String name = topic.getTopic().getName();
        StreamConsumer.Builder builder = client.streamConsumer();
        String group = options.group();
        if (group != null) {
            // With a bound on records, one at a time: what is committed must be exactly what was printed.
            builder.topics(name).group(group).manualCommit();
            if (options.max() != Long.MAX_VALUE) {
                builder.maxPollRecords(1);
            }
        } else {
            builder.partitions(partitions(topic));
        }
        Position from = options.from();
        if (from != null) {
            builder.from(from);
        }
        Position until = until(topic);
        if (until != null) {
            builder.until(until);
        }
        if (options.localEnd()) {
            builder.localEnds();
        }
        return builder.build();
    }

    private TopicPartition[] partitions(TopicDescription topic) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionDescription partition : topic.getPartitionsList()) {
            Integer only = options.partition();
            if (only == null || only == partition.getIndex()) {
                partitions.add(new TopicPartition(topic.getTopic().getName(), partition.getIndex()));
            }
        }
        return partitions.toArray(TopicPartition[]::new);
    }

    /** Without --follow nothing waits for records that are not there yet: what lies beyond the end is the end. */
    private @Nullable Position until(TopicDescription topic) {
        Position to = options.to();
        if (options.follow()) {
            return to;
        }
        if (to == null) {
            return Position.end();
        }
        if (to.kind() == Kind.OFFSET) {
            int partition = options.partition() == null ? 0 : options.partition();
            return Position.offset(
                    Math.min(to.value(), topic.getPartitions(partition).getEndOffset()));
        }
        boolean isAhead = to.kind() == Kind.INGESTION_TIME
                && to.value() > terminal.wallClock().millis();
        return isAhead ? Position.end() : to;
    }
}
