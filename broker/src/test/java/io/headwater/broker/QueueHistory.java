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
 * acknowledged does not come again, nobody gets what another one still has, deliveries and failures are counted once each, a key's
 * records come in order, and what failed often enough is in the dead-letter topic, once for each group, and nothing else is.
 * {@link QueueHistoryTest} shows that it sees what is wrong.
 */
final class QueueHistory {
    static final String JOBS = "jobs";
    static final String DEAD = "dead";
    static final List<String> GROUPS = List.of("plain", "keyed");

    static final int MAX_FAILURES = 3;
    private static final int KEYS = 40;
    private static final int IN_FLIGHT = 200;
    private static final long PACE_NS = 1_500_000;
    /** Longer than any failover: whoever comes back has what he had. */
    private static final Duration GRACE = Duration.ofSeconds(60);
    /** A consumer that has had so many is closed, and another one takes its place. */
    private static final int OF_ONE_CONSUMER = 2_000;

    private final String seed;
    private final Set<String> sent = ConcurrentHashMap.newKeySet();
    /** Where it was acknowledged. */
    private final Map<String, String> published = new ConcurrentHashMap<>();

    private final Map<String, Ledger> ledgers = new HashMap<>();
    /** What is in the dead-letter topic, and how often. */
    private final Map<String, Integer> letters = new HashMap<>();

    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Semaphore window = new Semaphore(IN_FLIGHT);
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final AtomicInteger stale = new AtomicInteger();
    private volatile boolean loaded;
    private volatile boolean stopped;

    /** What becomes of a record, by its number: the same in both groups. */
    enum Fate {
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
        /** By key, the highest number that was handed out. */
        final Map<String, Integer> handedOut = new ConcurrentHashMap<>();

        Life life(String value) {
            return lives.computeIfAbsent(value, each -> new Life());
        }
    }

    /** One delivery of a record in one group, and what its consumer said. Guarded by the record's life. */
    private static final class Delivery {
        final int number;
        final int failures;
        final Settlement.Verb said;
        final long leaseUntilMs;
        /** A later one had been handed out before: this lease was over then, and what was said counts for nothing. */
        final boolean isLate;

        boolean answered;
        /** It was durable, this time or the first time it was said. */
        boolean taken;

        Delivery(QueueRecord record, Settlement.Verb said, boolean isLate) {
            this.number = record.deliveries();
            this.failures = record.failures();
            this.leaseUntilMs = record.leaseUntilMs();
            this.said = said;
            this.isLate = isLate;
        }

        boolean isOf(Settlement.Verb verb) {
            return said == verb;
        }

        boolean isRefused() {
            return answered && !taken;
        }

        boolean isEnd() {
            return isOf(Settlement.Verb.ACK) || (isOf(Settlement.Verb.FAIL) && failures + 1 >= MAX_FAILURES);
        }

        /** As far as its consumer knows, whatever the delays. */
        boolean isLeased() {
            return isLeased(leaseUntilMs);
        }

        static boolean isLeased(long leaseUntilMs) {
            return leaseUntilMs - GRACE.toMillis() / 2 > System.currentTimeMillis();
        }
    }

    /** Of one record in one group. Guarded by itself. */
    private static final class Life {
        /** By their numbers. */
        final List<Delivery> deliveries = new ArrayList<>(1);

        String place = "";
        /** When an acknowledgement was first confirmed: the last delivery that was said to be done. 0: not yet. */
        int done;

        void add(Delivery one) {
            int at = deliveries.size();
            while (at > 0 && deliveries.get(at - 1).number > one.number) {
                at--;
            }
            deliveries.add(at, one);
        }

        @Nullable
        Delivery find(int number) {
            return deliveries.stream()
                    .filter(each -> each.number == number)
                    .findFirst()
                    .orElse(null);
        }

        int last() {
            return deliveries.isEmpty() ? 0 : deliveries.get(deliveries.size() - 1).number;
        }

        boolean endSaid() {
            return deliveries.stream().anyMatch(Delivery::isEnd);
        }

        /** Those that were said in time. */
        long failuresSaid() {
            return deliveries.stream()
                    .filter(each -> each.isOf(Settlement.Verb.FAIL) && !each.isLate)
                    .count();
        }

        /** What is wrong with it so far; empty: nothing. */
        String complaint() {
            int number = 0;
            int failures = 0;
            int least = 0;
            int most = 0;
            for (Delivery each : deliveries) {
                if (each.number == number) {
                    return "delivery " + number + " twice";
                }
                if (each.failures < failures + least || each.failures > failures + most) {
                    return "delivery " + each.number + " has " + each.failures + " failures (expected: at least "
                            + (failures + least) + ", at most " + (failures + most) + ")";
                }
                if (each.failures >= MAX_FAILURES) {
                    return "delivery " + each.number + " of what is dead, after " + each.failures + " failures";
                }
                if (each.number == done && each.isRefused()) {
                    return "delivery " + done + " was refused, and nobody else can have acknowledged it";
                }
                if (each.isLate && each.taken && !each.isOf(Settlement.Verb.ACK)) {
                    return each.said + " of delivery " + each.number + " was taken, whose lease was over";
                }
                number = each.number;
                failures = each.failures;
                // What is repeated after others had the record is answered as stale, though it may have counted.
                most = each.isOf(Settlement.Verb.FAIL) ? 1 : 0;
                least = most == 1 && each.taken ? 1 : 0;
            }
            return done > 0 && number > done ? "delivery " + number + "; acknowledged at delivery " + done : "";
        }
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
                String value = sending(n);
                n++;
                var unused = producer.send(ProducerRecord.ofUtf8(JOBS, key(value), value))
                        .whenComplete((ack, failure) -> {
                            answered(value, ack, failure);
                            window.release();
                        });
            }
            window.acquire(IN_FLIGHT);
        } catch (InterruptedException | RuntimeException e) {
            wrong.add("load: " + e);
        }
    }

    /** The n-th that is sent. */
    String sending(int n) {
        String value = "key-" + n % KEYS + "/" + n / KEYS;
        sent.add(value);
        return value;
    }

    /** One of both is null. */
    void answered(String value, Producer.@Nullable Acknowledgement ack, @Nullable Throwable failure) {
        if (ack == null) {
            wrong.add(value + " was not taken: " + failure);
        } else if (published.put(value, DeadLetterHeaders.origin(JOBS, ack.partition(), ack.offset())) != null) {
            wrong.add(value + " was answered twice");
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
        Settlement what = handedOut(group, record);
        var unused = consumer.settle(record, what).whenComplete((done, failure) -> settled(group, record, failure));
    }

    /** A consumer has it. Returns what that says then. */
    Settlement handedOut(String group, QueueRecord record) {
        String value = text(record.value());
        String which = group + ": " + value + ", delivery " + record.deliveries();
        if (!sent.contains(value) || !key(value).equals(text(record.key()))) {
            wrong.add(which + ": nobody has sent that with " + text(record.key()));
            return Settlement.ack();
        }
        Ledger ledger = Objects.requireNonNull(ledgers.get(group));
        Life life = ledger.life(value);
        if (group.equals("keyed")) {
            checkOrder(ledger, value, record);
        }
        Settlement what = decide(value, record);
        synchronized (life) {
            checkLeases(which, life, record);
            String place = DeadLetterHeaders.origin(JOBS, record.partition(), record.offset());
            if (!life.place.isEmpty() && !life.place.equals(place)) {
                wrong.add(which + " is at " + place + ", and was at " + life.place);
            }
            life.place = place;
            life.add(new Delivery(record, what.verb(), record.deliveries() < life.last()));
            complain(which, life);
        }
        return what;
    }

    /** None of these leases runs out while there is somebody to whom it belongs. */
    private void checkLeases(String which, Life life, QueueRecord record) {
        for (Delivery other : life.deliveries) {
            boolean isEarlier = other.number < record.deliveries();
            if (isEarlier && other.isOf(Settlement.Verb.ACK) && other.isLeased()) {
                wrong.add(which + " while somebody has delivery " + other.number);
            } else if (!isEarlier && Delivery.isLeased(record.leaseUntilMs())) {
                wrong.add(which + " after delivery " + other.number);
            }
        }
    }

    private void complain(String which, Life life) {
        String complaint = life.complaint();
        if (!complaint.isEmpty()) {
            wrong.add(which + ": " + complaint);
        }
    }

    private static Settlement decide(String value, QueueRecord record) {
        return switch (Fate.of(value)) {
            case DONE -> Settlement.ack();
            case FAILS_ONCE -> record.failures() == 0 ? Settlement.fail("the first time") : Settlement.ack();
            case IS_GIVEN_BACK_ONCE -> record.deliveries() == 1 ? Settlement.release() : Settlement.ack();
            case DIES -> Settlement.fail("always");
        };
    }

    private void checkOrder(Ledger ledger, String value, QueueRecord record) {
        int n = number(value);
        String before = key(value) + "/" + (n - 1);
        if (n > 0) {
            Life life = ledger.life(before);
            synchronized (life) {
                if (!life.endSaid()) {
                    wrong.add(value + " came before " + before + " was done");
                }
            }
        }
        int confirmed = ledger.confirmed.getOrDefault(key(value), -1);
        if (confirmed > n) {
            wrong.add(value + " came after " + confirmed + " of its key was acknowledged");
        }
        Life life = ledger.life(value);
        boolean isFirst = ledger.handedOut.merge(key(value), n, Math::max) == n;
        synchronized (life) {
            // Else whoever acknowledged it was too late, and had the next one by then.
            boolean noLeaseIsOver = Delivery.isLeased(record.leaseUntilMs())
                    && life.deliveries.stream().allMatch(Delivery::isLeased);
            if (!isFirst && noLeaseIsOver) {
                wrong.add(value + " came after a later one of its key");
            }
        }
    }

    /** The answer to what a consumer said of what it had. */
    void settled(String group, QueueRecord record, @Nullable Throwable failure) {
        String value = text(record.value());
        Ledger ledger = Objects.requireNonNull(ledgers.get(group));
        Life life = ledger.life(value);
        String which = group + ": " + value + ", delivery " + record.deliveries();
        synchronized (life) {
            Delivery delivery = life.find(record.deliveries());
            if (delivery == null || delivery.answered) {
                wrong.add(which + (delivery == null ? " was settled by nobody" : " was answered twice"));
                return;
            }
            delivery.answered = true;
            delivery.taken = failure == null;
            boolean isAck = delivery.isOf(Settlement.Verb.ACK);
            if (isAck && failure == null) {
                life.done = life.done > 0 ? life.done : lastAcknowledged(life);
                ledger.confirmed.merge(key(value), number(value), Math::max);
                acknowledged.incrementAndGet();
            }
            if (failure instanceof HeadwaterException.StaleLease) {
                stale.incrementAndGet();
                // Another verb may be repeated too late to be remembered; that it is done is remembered.
                if (isAck && Delivery.isLeased(record.leaseUntilMs())) {
                    wrong.add(which + " was taken from its consumer: " + failure);
                }
            } else if (failure != null) {
                wrong.add(which + ": " + delivery.said + ": " + failure);
            }
            complain(which, life);
        }
    }

    /** Who says it again is told the same, whichever delivery it was that was taken. */
    private static int lastAcknowledged(Life life) {
        return life.deliveries.stream()
                .filter(each -> each.isOf(Settlement.Verb.ACK) && !each.isRefused())
                .mapToInt(each -> each.number)
                .max()
                .orElse(0);
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
        try (StreamConsumer consumer = client.streamConsumer()
                .topics(DEAD)
                .from(Position.beginning())
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                consumer.poll(Duration.ofSeconds(1)).forEach(this::letter);
            }
        }
        check();
    }

    /** It is in the dead-letter topic. */
    void letter(ConsumedRecord record) {
        String value = text(record.value());
        String failures = header(record, DeadLetterHeaders.FAILURES);
        if (!failures.equals(Integer.toString(MAX_FAILURES))) {
            wrong.add(value + " died with " + failures + " failures");
        }
        String letter = letter(
                header(record, DeadLetterHeaders.GROUP),
                value,
                text(record.key()),
                header(record, DeadLetterHeaders.ORIGIN));
        letters.merge(letter, 1, Integer::sum);
    }

    private static String letter(String group, String value, String key, String place) {
        return group + ": " + value + " with " + key + " of " + place;
    }

    /** When all dead letters are read. */
    void check() {
        for (String group : GROUPS) {
            Ledger ledger = Objects.requireNonNull(ledgers.get(group));
            published.forEach((value, place) -> check(group, value, place, ledger.lives.get(value)));
            ledger.lives.keySet().stream()
                    .filter(value -> !published.containsKey(value))
                    .forEach(value -> wrong.add(group + ": " + value + " came, and was never acknowledged"));
        }
        letters.keySet().forEach(letter -> wrong.add("in the dead-letter topic: " + letter));
        checkNothingIsWrong();
    }

    private void check(String group, String value, String place, @Nullable Life life) {
        if (life == null || life.deliveries.isEmpty()) {
            wrong.add(group + ": " + value + " was never handed out");
            return;
        }
        String which = group + ": " + value;
        if (!life.place.equals(place)) {
            wrong.add(which + " is at " + life.place + ", and was acknowledged at " + place);
        }
        if (!life.deliveries.stream().allMatch(each -> each.answered)) {
            wrong.add(which + " was settled without an answer");
        }
        boolean dies = Fate.of(value) == Fate.DIES;
        Integer dead = dies ? letters.remove(letter(group, value, key(value), place)) : Integer.valueOf(0);
        if (dead == null || dead > 1) {
            wrong.add(which + " is in the dead-letter topic " + (dead == null ? 0 : dead) + " times");
        } else if (dies && life.failuresSaid() < MAX_FAILURES) {
            wrong.add(which + " is dead after " + life.failuresSaid() + " failures");
        } else if (!dies && life.done == 0) {
            wrong.add(which + " is done and was never acknowledged");
        }
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "nothing" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static String header(ConsumedRecord record, String name) {
        for (RecordHeader header : record.headers()) {
            if (header.name().equals(name)) {
                return text(header.value());
            }
        }
        return "";
    }
}
