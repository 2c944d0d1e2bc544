package io.headwater.benchmarks.load;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A broker that keeps what it gets in memory and acknowledges at once, or when and how a test says. */
final class MemoryTarget implements LoadTarget {
    final Map<String, Integer> topics = new HashMap<>();
    final Queue<byte[]> values = new ArrayDeque<>();
    final List<Integer> partitionsUsed = new ArrayList<>();
    /** Told before each send with its due time. */
    LongConsumer onSend = dueNs -> {};

    @Nullable
    RuntimeException failure;

    /** So many timed records are acknowledged, and never handed out. */
    int toLose;

    /** So many timed records are refused, and never handed out. */
    int toRefuse;

    boolean closed;

    @Override
    public synchronized int ensureTopic(String topic, int partitions) {
        return topics.computeIfAbsent(topic, name -> partitions);
    }

    @Override
    public synchronized int partitions(String topic) {
        Integer found = topics.get(topic);
        if (found == null) {
            throw new IllegalStateException("no topic " + topic);
        }
        return found;
    }

    @Override
    public synchronized void deleteTopic(String topic) {
        topics.remove(topic);
    }

    @Override
    public Sink openSink(String topic, SinkSettings settings, Outcomes outcomes) {
        return new Sink() {
            @Override
            public void send(int partition, byte[] value, long dueNs) {
                onSend.accept(dueNs);
                RuntimeException cause = failure;
                if (cause != null) {
                    outcomes.failed(cause);
                    return;
                }
                if (dueNs != UNTIMED && toRefuse > 0) {
                    toRefuse--;
                    outcomes.failed(new IllegalStateException("refused"));
                    return;
                }
                boolean lost = dueNs != UNTIMED && toLose > 0;
                toLose -= lost ? 1 : 0;
                synchronized (MemoryTarget.this) {
                    if (!lost) {
                        values.add(value);
                    }
                    partitionsUsed.add(partition);
                }
                if (dueNs != UNTIMED) {
                    outcomes.acknowledged(dueNs);
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    @Override
    public Source openSource(String topic, int partitions, From from) {
        return new Source() {
            @Override
            public List<byte[]> poll(Duration timeout) {
                synchronized (MemoryTarget.this) {
                    List<byte[]> some = new ArrayList<>();
                    while (!values.isEmpty() && some.size() < 10) {
                        some.add(values.remove());
                    }
                    return some;
                }
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {
        closed = true;
    }
}
