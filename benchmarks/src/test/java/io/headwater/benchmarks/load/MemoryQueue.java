package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A queue in memory that hands out what it gets, at once and once, or wrongly when a test says so. */
final class MemoryQueue implements QueueTarget {
    private final Deque<byte[]> values = new ArrayDeque<>();

    /** So many are handed out, acknowledged, and handed out again. */
    int toRepeat;

    /** So many are never handed out. */
    int toLose;

    /** The first comes behind the second. */
    boolean toSwap;

    @Override
    public synchronized int ensureQueue(String topic, boolean keyed, int partitions) {
        return partitions;
    }

    @Override
    public WorkSink openSink(String topic, Outcomes outcomes) {
        return new WorkSink() {
            @Override
            public void send(byte @Nullable [] key, byte[] value) {
                put(value);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    private synchronized void put(byte[] value) {
        if (toLose > 0) {
            toLose--;
            return;
        }
        if (toSwap && values.size() == 1) {
            toSwap = false;
            values.addFirst(value);
        } else {
            values.add(value);
        }
        if (toRepeat > 0) {
            toRepeat--;
            values.add(value);
        }
    }

    private synchronized List<Delivery> take() {
        List<Delivery> some = new ArrayList<>();
        // Held back until two are there to be swapped.
        while (!values.isEmpty() && !toSwap) {
            some.add(new Delivery(values.remove(), false, this));
        }
        return some;
    }

    @Override
    public WorkSource openSource(String topic, boolean keyed, BiConsumer<Delivery, @Nullable Throwable> onSettled) {
        return new WorkSource() {
            @Override
            public List<Delivery> receive(Duration timeout) {
                return take();
            }

            @Override
            public void acknowledge(Delivery delivery) {
                onSettled.accept(delivery, null);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public synchronized long left(String topic, boolean keyed) {
        return values.size();
    }

    @Override
    public void close() {}
}
