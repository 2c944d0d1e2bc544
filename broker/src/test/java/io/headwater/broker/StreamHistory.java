package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.client.AckLevel;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * What was published to topic {@code t} and acknowledged, and what readers saw of it: nothing acknowledged may be missing,
 * nothing may be there twice, order holds within a key, and offsets have no holes.
 */
final class StreamHistory {
    static final String TOPIC = "t";
    private static final int PARTITIONS = 4;
    private static final int IN_FLIGHT = 500;

    private final String seed;
    private final long paceNs;
    private AckLevel level = AckLevel.PERSISTED;
    private final Map<String, String> acknowledgedAt = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Semaphore window = new Semaphore(IN_FLIGHT);
    private long lastAckNs = System.nanoTime();
    private long longestPauseNs;
    /** By partition. */
    private final long[] lastAckOfNs = new long[PARTITIONS];

    private final int[] acknowledgedOf = new int[PARTITIONS];
    private long longestPauseOfNs;
    private volatile boolean stopped;
    /** Nothing is published any more. */
    private volatile boolean loaded;

    /**
     * @param seed named where something is wrong
     * @param paceNs between two records: what is there for long must not fill the memory
     */
    StreamHistory(String seed, long paceNs) {
        this.seed = seed;
        this.paceNs = paceNs;
        Arrays.fill(lastAckOfNs, lastAckNs);
    }

    /** What the topic's acknowledgements mean, and name. */
    StreamHistory at(AckLevel of) {
        level = of;
        return this;
    }

    /** The load ends with what is under way. */
    void stop() {
        stopped = true;
    }

    int acknowledged() {
        return acknowledgedAt.size();
    }

    /** The longest time without an acknowledgement since this was asked last, or since the start. */
    synchronized long takeLongestPauseMs() {
        long longest = Math.max(longestPauseNs, System.nanoTime() - lastAckNs);
        longestPauseNs = 0;
        return TimeUnit.NANOSECONDS.toMillis(longest);
    }

    /** The same, of whichever partition waited longest while others may have gone on. */
    synchronized long takeLongestPauseOfAPartitionMs() {
        long now = System.nanoTime();
        long longest = longestPauseOfNs;
        for (long last : lastAckOfNs) {
            longest = Math.max(longest, now - last);
        }
        longestPauseOfNs = 0;
        return TimeUnit.NANOSECONDS.toMillis(longest);
    }

    void checkNothingFailed() {
        assertEquals(List.of(), List.copyOf(failures), "seed " + seed);
    }

    /** What happens while records are published and read. */
    interface Ordeal {
        void undergo() throws Exception;
    }

    /** The same with clients of a cluster, before and after which some are acknowledged. */
    void during(ClusterOfProcesses cluster, int some, Ordeal ordeal) throws Exception {
        try (HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            during(sender, reader, () -> {
                awaitMore(some);
                ordeal.undergo();
                awaitMore(some);
            });
        }
    }

    /** Publishes and reads along meanwhile; in the end both readers must have seen all that was acknowledged, and that once. */
    void during(HeadwaterClient sender, HeadwaterClient reader, Ordeal ordeal) throws Exception {
        sender.admin()
                .createTopic(
                        TOPIC,
                        TopicSettings.defaults().withPartitions(PARTITIONS).withAckLevel(level));
        Reading meanwhile = new Reading();
        Thread consumer = new Thread(() -> consume(reader, meanwhile), "consume");
        Thread load = new Thread(() -> load(sender), "load");
        consumer.start();
        load.start();
        try {
            ordeal.undergo();
            stop();
            load.join();
            checkNothingFailed();
            consumer.join();
            readToTheEnd(reader).check("stored");
            meanwhile.check("consumed");
        } finally {
            stop();
        }
    }

    /** Publishes until {@link #stop}. */
    void load(HeadwaterClient client) {
        try (Producer producer = client.producer().build()) {
            for (long n = 0; !stopped; n++) {
                if (!window.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                    n--;
                    continue;
                }
                if (paceNs > 0) {
                    LockSupport.parkNanos(paceNs);
                }
                String value = "record-" + n;
                var unused = producer.send(ProducerRecord.of(
                                TOPIC,
                                ("key-" + n % 50).getBytes(StandardCharsets.UTF_8),
                                value.getBytes(StandardCharsets.UTF_8)))
                        .whenComplete((ack, failure) -> {
                            if (failure != null) {
                                failures.add(failure);
                            } else if (ack.level() != level) {
                                failures.add(new AssertionError("acknowledged at level " + ack.level()));
                            } else {
                                acknowledgedAt.put(value, ack.partition() + "@" + ack.offset());
                                acknowledgedNow(ack.partition());
                            }
                            // Whoever sees it free sees what was acknowledged, too.
                            window.release();
                        });
            }
        } catch (InterruptedException | RuntimeException e) {
            failures.add(e);
        } finally {
            loaded = true;
        }
    }

    private synchronized void acknowledgedNow(int partition) {
        long now = System.nanoTime();
        longestPauseNs = Math.max(longestPauseNs, now - lastAckNs);
        lastAckNs = now;
        longestPauseOfNs = Math.max(longestPauseOfNs, now - lastAckOfNs[partition]);
        lastAckOfNs[partition] = now;
        acknowledgedOf[partition]++;
        notifyAll();
    }

    /** Returns when so many more are acknowledged than now; fails after a minute, or with the load. */
    void awaitMore(int count) throws InterruptedException {
        int wanted = acknowledged() + count;
        await(() -> acknowledged() >= wanted);
    }

    /** Returns when each partition has acknowledged more than now; fails as {@link #awaitMore} does. */
    synchronized void awaitEachPartition() throws InterruptedException {
        int[] before = acknowledgedOf.clone();
        await(() -> IntStream.range(0, PARTITIONS).allMatch(each -> acknowledgedOf[each] > before[each]));
    }

    private synchronized void await(BooleanSupplier done) throws InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!done.getAsBoolean()) {
            checkNothingFailed();
            if (System.nanoTime() - endNs > 0) {
                throw new AssertionError("nothing is acknowledged any more");
            }
            wait(100);
        }
    }

    /** So long, while the load goes on; fails with it. */
    synchronized void pass(long ms) throws InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        for (long leftNs = endNs - System.nanoTime(); leftNs > 0; leftNs = endNs - System.nanoTime()) {
            checkNothingFailed();
            TimeUnit.NANOSECONDS.timedWait(this, leftNs);
        }
    }

    /** Until it has seen all that was acknowledged, and a minute at most after the end. */
    void consume(HeadwaterClient client, Reading into) {
        long endNs = Long.MAX_VALUE;
        try (StreamConsumer consumer =
                client.streamConsumer().topics(TOPIC).from(Position.beginning()).build()) {
            while (!(loaded && window.availablePermits() == IN_FLIGHT && into.at.size() >= acknowledgedAt.size())) {
                consumer.poll(Duration.ofMillis(200)).forEach(into::add);
                if (stopped && endNs == Long.MAX_VALUE) {
                    endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
                } else if (stopped && System.nanoTime() - endNs > 0) {
                    return;
                }
            }
        } catch (RuntimeException e) {
            failures.add(e);
        }
    }

    /** All that is stored. */
    Reading readToTheEnd(HeadwaterClient client) {
        Reading into = new Reading();
        try (StreamConsumer consumer = client.streamConsumer()
                .topics(TOPIC)
                .from(Position.beginning())
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                consumer.poll(Duration.ofSeconds(1)).forEach(into::add);
            }
        }
        return into;
    }

    /** What one consumer saw, and what was wrong with it. */
    final class Reading {
        private final Map<String, String> at = new HashMap<>();
        private final Map<Integer, Long> next = new HashMap<>();
        private final Map<String, Long> lastOfKey = new HashMap<>();
        private final List<String> wrong = new ArrayList<>();

        void add(ConsumedRecord record) {
            String value = new String(record.value(), StandardCharsets.UTF_8);
            String place = record.partition() + "@" + record.offset();
            if (record.offset() != next.merge(record.partition(), 1L, Long::sum) - 1) {
                wrong.add("offsets are not dense at " + place);
            }
            String before = at.put(value, place);
            if (before != null) {
                wrong.add(value + " is there twice: " + before + " and " + place);
            }
            long n = Long.parseLong(value.substring("record-".length()));
            Long last = lastOfKey.put(new String(record.key(), StandardCharsets.UTF_8), n);
            if (last != null && last > n) {
                wrong.add(value + " comes after record-" + last + " of the same key");
            }
        }

        void check(String what) {
            acknowledgedAt.forEach((value, place) -> {
                if (!place.equals(at.get(value))) {
                    wrong.add(value + " was acknowledged at " + place + " and is at " + at.get(value));
                }
            });
            assertEquals(List.of(), wrong.subList(0, Math.min(20, wrong.size())), what + ", seed " + seed);
        }
    }
}
