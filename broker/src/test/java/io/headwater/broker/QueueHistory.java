package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import io.headwater.client.Settlement;
import io.headwater.client.StreamConsumer;
import io.headwater.record.DeadLetterHeaders;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What was published to a topic, and what the consumers of a queue group and of a keyed group saw and said of it: what is
 * acknowledged does not come again, failures are counted once each, a key's records come in order, and what failed often
 * enough is in the dead-letter topic, once for each group.
 */
final class QueueHistory {
    static final String JOBS = "jobs";
    static final String DEAD = "dead";
    static final List<String> GROUPS = List.of("plain", "keyed");

    private static final int MAX_FAILURES = 3;
    private static final int KEYS = 40;
    private static final int IN_FLIGHT = 200;
    private static final long PACE_NS = 1_500_000;
    /** Longer than any failover: whoever comes back has what he had. */
    private static final Duration GRACE = Duration.ofSeconds(60);
    /** A consumer that has had so many is closed, and another one takes its place. */
    private static final int OF_ONE_CONSUMER = 2_000;

    private final String seed;
    private final Set<String> published = ConcurrentHashMap.newKeySet();
    private final Map<String, Ledger> ledgers = new HashMap<>();
    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Semaphore window = new Semaphore(IN_FLIGHT);
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final AtomicInteger stale = new AtomicInteger();
    private volatile boolean loaded;
    private volatile boolean stopped;

    /** What becomes of a record, by its number: the same in both groups. */
    private enum Fate {
        DONE,
        FAILS_ONCE,
        IS_GIVEN_BACK_ONCE,
        DIES;

        static Fate of(String value) {
            return switch (number(value) % 12) {
                case 3 -> FAILS_ONCE;
                case 5 -> IS_GIVEN_BACK_ONCE;
                case 7 -> DIES;
                default -> DONE;
            };
        }
    }

    /** What a group knows of its records, as far as its consumers have heard. */
    private static final class Ledger {
        final Map<String, Life> lives = new ConcurrentHashMap<>();
        /** By key, the highest number whose acknowledgement was confirmed. */
        final Map<String, Integer> confirmed = new ConcurrentHashMap<>();

        Life life(String value) {
            return lives.computeIfAbsent(value, each -> new Life());
        }
    }

    /** Of one record in one group. Guarded by itself. */
    private static final class Life {
        /**
         * With those whose leases were over, as the answer to a repetition has it: the first time, unanswered, may have been
         * in time, and others had the record since.
         */
        int failuresSaid;

        int failuresConfirmed;
        /** It was acknowledged, or failed for the last time; perhaps without an answer. */
        boolean endSaid;
        /** By the number of the delivery; 0: no answer yet. */
        int acknowledgedAt;
    }

    /** @param seed named where something is wrong */
    QueueHistory(String seed) {
        this.seed = seed;
        GROUPS.forEach(group -> ledgers.put(group, new Ledger()));
    }

    private static int number(String value) {
        return Integer.parseInt(value.substring(value.indexOf('/') + 1));
    }

    private static String key(String value) {
        return value.substring(0, value.indexOf('/'));
    }

    /** The topics and the groups. */
    void create(HeadwaterClient client) {
        client.admin().createTopic(DEAD, TopicSettings.defaults().withPartitions(3));
        client.admin()
                .createTopic(
                        JOBS,
                        TopicSettings.defaults()
                                .withPartitions(4)
                                .withWork(WorkSettings.defaults().withDeadLetter(DEAD)));
        for (String group : GROUPS) {
            QueueGroupConfig config = group.equals("keyed") ? QueueGroupConfig.keyedQueue() : QueueGroupConfig.queue();
            client.queueAdmin()
                    .create(
                            JOBS,
                            group,
                            config.withMaxFailures(MAX_FAILURES)
                                    .withBackoff(QueueGroupConfig.Backoff.fixed(Duration.ofMillis(20)))
                                    .withSessionGrace(GRACE)
                                    .withLease(GRACE));
        }
    }

    /** Publishes until {@link #stopLoad}; returns when all is acknowledged. */
    void load(HeadwaterClient client) {
        try (Producer producer = client.producer().build()) {
            for (int n = 0; !loaded; ) {
                if (!window.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                    continue;
                }
                LockSupport.parkNanos(PACE_NS);
                String value = "key-" + n % KEYS + "/" + n / KEYS;
                n++;
                var unused = producer.send(ProducerRecord.ofUtf8(JOBS, key(value), value))
                        .whenComplete((ack, failure) -> {
                            window.release();
                            if (failure != null) {
                                wrong.add(value + " was not taken: " + failure);
                            } else {
                                published.add(value);
                            }
                        });
            }
            window.acquire(IN_FLIGHT);
        } catch (InterruptedException | RuntimeException e) {
            wrong.add("load: " + e);
        }
    }

    void stopLoad() {
        loaded = true;
    }

    /** The consumers end. */
    void stop() {
        stopped = true;
    }

    /** Works for a group until {@link #stop}. */
    void work(HeadwaterClient client, String group) {
        try {
            while (!stopped) {
                try (QueueConsumer consumer = client.queueConsumer()
                        .topic(JOBS)
                        .group(group)
                        .prefetch(100)
                        .build()) {
                    work(consumer, group);
                }
            }
        } catch (RuntimeException e) {
            wrong.add(group + ": a consumer ended: " + e);
        }
    }

    private void work(QueueConsumer consumer, String group) {
        for (int left = OF_ONE_CONSUMER; left > 0 && !stopped; ) {
            try {
                for (QueueRecord record : consumer.receive(20, Duration.ofMillis(200))) {
                    settle(consumer, group, record);
                    left--;
                }
            } catch (HeadwaterException.Retriable e) {
                // What comes later is received later.
            }
        }
    }

    private void settle(QueueConsumer consumer, String group, QueueRecord record) {
        String value = new String(Objects.requireNonNull(record.value()), StandardCharsets.UTF_8);
        Ledger ledger = Objects.requireNonNull(ledgers.get(group));
        Life life = ledger.life(value);
        if (group.equals("keyed")) {
            checkOrder(ledger, value);
        }
        Settlement what = decide(value, record);
        boolean isFailure = what.verb() == Settlement.Verb.FAIL;
        synchronized (life) {
            String which = group + ": " + value + " at " + record.partition() + "@" + record.offset() + ", delivery "
                    + record.deliveries();
            if (life.acknowledgedAt > 0 && record.deliveries() > life.acknowledgedAt) {
                wrong.add(which + ", comes again; acknowledged at delivery " + life.acknowledgedAt);
            }
            if (record.failures() < life.failuresConfirmed || record.failures() > life.failuresSaid) {
                wrong.add(which + ", has " + record.failures() + " failures; " + life.failuresSaid + " were said, "
                        + life.failuresConfirmed + " confirmed");
            }
            life.failuresSaid += isFailure ? 1 : 0;
            life.endSaid |= what.verb() == Settlement.Verb.ACK || (isFailure && record.failures() + 1 >= MAX_FAILURES);
        }
        var unused = consumer.settle(record, what)
                .whenComplete((done, failure) -> settled(ledger, value, record.deliveries(), what, failure));
    }

    private static Settlement decide(String value, QueueRecord record) {
        return switch (Fate.of(value)) {
            case DONE -> Settlement.ack();
            case FAILS_ONCE -> record.failures() == 0 ? Settlement.fail("the first time") : Settlement.ack();
            case IS_GIVEN_BACK_ONCE -> record.deliveries() == 1 ? Settlement.release() : Settlement.ack();
            case DIES -> Settlement.fail("always");
        };
    }

    private void checkOrder(Ledger ledger, String value) {
        int n = number(value);
        String before = key(value) + "/" + (n - 1);
        if (n > 0) {
            Life life = ledger.life(before);
            synchronized (life) {
                if (!life.endSaid) {
                    wrong.add(value + " came before " + before + " was done");
                }
            }
        }
        int confirmed = ledger.confirmed.getOrDefault(key(value), -1);
        if (confirmed > n) {
            wrong.add(value + " came after " + confirmed + " of its key was acknowledged");
        }
    }

    private void settled(Ledger ledger, String value, int delivery, Settlement what, @Nullable Throwable failure) {
        Life life = ledger.life(value);
        boolean isStale = failure instanceof HeadwaterException.StaleLease;
        synchronized (life) {
            if (what.verb() == Settlement.Verb.FAIL) {
                life.failuresConfirmed += failure == null ? 1 : 0;
            } else if (what.verb() == Settlement.Verb.ACK && failure == null) {
                life.acknowledgedAt = delivery;
                ledger.confirmed.merge(key(value), number(value), Math::max);
                acknowledged.incrementAndGet();
            }
        }
        if (isStale) {
            stale.incrementAndGet();
        } else if (failure != null) {
            wrong.add(value + ": " + what.verb() + ": " + failure);
        }
    }

    void checkNothingIsWrong() {
        assertEquals(List.of(), wrong.stream().limit(20).toList(), "seed " + seed);
    }

    /** How many acknowledgements were confirmed, in both groups. */
    int acknowledged() {
        return acknowledged.get();
    }

    /** How many leases had ended when their consumers said what became of the records. */
    int stale() {
        return stale.get();
    }

    /** Returns when so many more are acknowledged than now; fails after a minute. */
    void awaitMore(int count) throws InterruptedException {
        int wanted = acknowledged() + count;
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (acknowledged() < wanted) {
            pass(20);
            if (System.nanoTime() - endNs > 0) {
                throw new AssertionError("nothing is acknowledged any more");
            }
        }
    }

    /** So long, while the work goes on; fails with it. */
    synchronized void pass(long ms) throws InterruptedException {
        checkNothingIsWrong();
        TimeUnit.MILLISECONDS.timedWait(this, ms);
    }

    /** Returns when nothing is left to do and all dead records are where they belong; fails after two minutes. */
    void awaitDone(HeadwaterClient client) throws InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        String left = "";
        while (System.nanoTime() - endNs < 0) {
            try {
                left = left(client);
                if (left.isEmpty()) {
                    return;
                }
            } catch (HeadwaterException.Retriable e) {
                left = e.toString();
            }
            pass(100);
        }
        throw new AssertionError("not all is done: " + left);
    }

    private static String left(HeadwaterClient client) {
        List<QueueAdmin.PartitionStatus> open = new ArrayList<>();
        for (String group : GROUPS) {
            client.queueAdmin().describe(JOBS, group).partitions().stream()
                    .filter(each -> !each.state().equals("online") || each.floor() < each.endOffset())
                    .forEach(open::add);
        }
        return open.isEmpty() ? "" : open.toString();
    }

    /** At the end, when all consumers have ended. */
    void check(HeadwaterClient client) {
        Map<String, Integer> letters = letters(client);
        for (String group : GROUPS) {
            Ledger ledger = Objects.requireNonNull(ledgers.get(group));
            for (String value : published) {
                check(group, value, ledger.lives.get(value), letters.getOrDefault(group + ":" + value, 0));
            }
        }
        checkNothingIsWrong();
    }

    private void check(String group, String value, @Nullable Life life, int letters) {
        boolean dies = Fate.of(value) == Fate.DIES;
        if (life == null) {
            wrong.add(group + ": " + value + " was never handed out");
        } else if (letters != (dies ? 1 : 0)) {
            wrong.add(group + ": " + value + " is in the dead-letter topic " + letters + " times");
        } else if (dies && (life.failuresConfirmed > MAX_FAILURES || life.failuresSaid < MAX_FAILURES)) {
            wrong.add(group + ": " + value + " is dead after " + life.failuresSaid + " failures, "
                    + life.failuresConfirmed + " of them confirmed");
        } else if (!dies && life.acknowledgedAt == 0) {
            wrong.add(group + ": " + value + " is done and was never acknowledged");
        }
    }

    /** How often each is there, by group and value. */
    private Map<String, Integer> letters(HeadwaterClient client) {
        Map<String, Integer> letters = new HashMap<>();
        try (StreamConsumer consumer = client.streamConsumer()
                .topics(DEAD)
                .from(Position.beginning())
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    String value = new String(Objects.requireNonNull(record.value()), StandardCharsets.UTF_8);
                    letters.merge(header(record, DeadLetterHeaders.GROUP) + ":" + value, 1, Integer::sum);
                    String failures = header(record, DeadLetterHeaders.FAILURES);
                    if (!failures.equals(Integer.toString(MAX_FAILURES))) {
                        wrong.add(value + " died with " + failures + " failures");
                    }
                }
            }
        }
        return letters;
    }

    private static String header(ConsumedRecord record, String name) {
        for (RecordHeader header : record.headers()) {
            byte[] value = header.value();
            if (header.name().equals(name) && value != null) {
                return new String(value, StandardCharsets.UTF_8);
            }
        }
        return "";
    }
}
