package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.client.AckLevel;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What was published to topic {@code t} and acknowledged, and what readers saw of it: nothing acknowledged may be missing or
 * elsewhere, nothing may be there twice, or that was refused, or that nobody has sent; each partition is in the order of sending,
 * and offsets have no holes. {@link StreamHistoryTest} shows that it sees what is wrong.
 */
final class StreamHistory {
    static final String TOPIC = "t";
    private static final int PARTITIONS = 4;
    private static final int IN_FLIGHT = 500;
    private static final int KEYS = 50;
    /** What each begins with; its number follows. */
    private static final String VALUE = "record-";

    private final String seed;
    private final long paceNs;
    private AckLevel level = AckLevel.PERSISTED;
    /** The numbers before this one may be there. */
    private final AtomicLong sent = new AtomicLong();

    private final Set<String> unanswered = ConcurrentHashMap.newKeySet();
    private final Map<String, String> acknowledgedAt = new ConcurrentHashMap<>();
    /** Certainly not stored. */
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

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

    void failed(Throwable why) {
        failures.add(why);
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
            while (!stopped) {
                if (!window.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                    continue;
                }
                if (paceNs > 0) {
                    LockSupport.parkNanos(paceNs);
                }
                String value = sending();
                var unused = producer.send(ProducerRecord.ofUtf8(TOPIC, key(value), value))
                        .whenComplete((ack, failure) -> {
                            answered(value, ack, failure);
                            // Whoever sees it free sees what was acknowledged, too.
                            window.release();
                        });
            }
        } catch (InterruptedException | RuntimeException e) {
            failed(e);
        } finally {
            loaded = true;
        }
    }

    /** What is sent next. */
    String sending() {
        String value = VALUE + sent.getAndIncrement();
        unanswered.add(value);
        return value;
    }

    /** What a value is sent with. */
    static String key(String value) {
        return "key-" + number(value) % KEYS;
    }

    /** -1: it is no value. */
    private static long number(String value) {
        try {
            long n = Long.parseLong(value.substring(VALUE.length()));
            return value.equals(VALUE + n) ? n : -1;
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            return -1;
        }
    }

    /** One of both is null. */
    void answered(String value, Producer.@Nullable Acknowledgement ack, @Nullable Throwable failure) {
        if (!unanswered.remove(value)) {
            failed(new AssertionError(value + " was answered twice"));
        }
        if (ack == null) {
            failed(failure);
            if (!(failure instanceof HeadwaterException.OutcomeUnknown)) {
                refused.add(value);
            }
        } else if (ack.level() != level || !ack.topic().equals(TOPIC) || ack.partition() >= PARTITIONS) {
            failed(new AssertionError(value + ": " + ack + " (expected: " + level + ")"));
        } else {
            acknowledgedAt.put(value, ack.partition() + "@" + ack.offset());
            acknowledgedNow(ack.partition());
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
            failed(e);
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
        private final Map<Integer, Long> lastOfPartition = new HashMap<>();
        private final Map<String, Integer> partitionOfKey = new HashMap<>();
        private final List<String> wrong = new ArrayList<>();

        void add(ConsumedRecord record) {
            String value = text(record.value());
            String place = record.partition() + "@" + record.offset();
            Long expected = next.put(record.partition(), record.offset() + 1);
            if (record.offset() != (expected == null ? 0 : expected)) {
                wrong.add("offsets are not dense at " + place);
            }
            String before = at.put(value, place);
            if (before != null) {
                wrong.add(value + " is there twice: " + before + " and " + place);
            }
            long n = number(value);
            if (n < 0 || n >= sent.get() || !text(record.key()).equals(key(value))) {
                wrong.add(place + ": nobody has sent " + value + " with " + text(record.key()));
                return;
            }
            Long last = lastOfPartition.put(record.partition(), n);
            if (last != null && last > n) {
                wrong.add(value + " comes after " + VALUE + last + " in partition " + record.partition());
            }
            Integer other = partitionOfKey.putIfAbsent(key(value), record.partition());
            if (other != null && other != record.partition()) {
                wrong.add(value + " is at " + place + ", and others of its key in partition " + other);
            }
        }

        private static String text(byte @Nullable [] bytes) {
            return bytes == null ? "nothing" : new String(bytes, StandardCharsets.UTF_8);
        }

        /** At the end, when all is answered and this reader has read everything. */
        void check(String what) {
            // Something may have failed since nothing had.
            failures.forEach(each -> wrong.add(each.toString()));
            unanswered.forEach(value -> wrong.add(value + " was never answered"));
            acknowledgedAt.forEach((value, place) -> {
                if (!place.equals(at.get(value))) {
                    wrong.add(value + " was acknowledged at " + place + " and is at " + at.get(value));
                }
            });
            refused.stream().filter(at::containsKey).forEach(value -> wrong.add(value + " was refused, and is there"));
            checkWhatIsThere(what);
        }

        /** As far as it was read. */
        void checkWhatIsThere(String what) {
            assertEquals(List.of(), wrong.subList(0, Math.min(20, wrong.size())), what + ", seed " + seed);
        }
    }
}
