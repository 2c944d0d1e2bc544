package io.headwater.broker.simulation;

import io.headwater.client.AckLevel;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.QueueRecord;
import io.headwater.client.Settlement;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What clients did and heard, checked against what the logs hold in the end: nothing that was acknowledged is lost or
 * doubled, what definitely failed is not there, what one producer sent to one partition stands in that order, offsets have
 * no holes, readers saw what is there and no more, what a worker has settled is delivered to nobody again, counts of deliveries
 * and failures hold what was confirmed, and of a key in a keyed group the next comes when the one before is done. {@link HistoryTest}
 * shows that it sees what is wrong.
 */
final class History {
    /** A guarantee is broken. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1;

        Violation(String what) {
            super(what);
        }
    }

    private static final int NEVER = Integer.MAX_VALUE;

    /** A place in a topic. */
    record At(int partition, long offset) {}

    private static final class Sent {
        final String key;
        final int partition;
        Producer.@Nullable Acknowledgement acknowledged;
        boolean failed;
        boolean unknown;

        Sent(String key, int partition) {
            this.key = key;
            this.partition = partition;
        }

        boolean isAnswered() {
            return acknowledged != null || failed || unknown;
        }
    }

    /** One that somebody has seen. */
    private static final class Delivery {
        final int failures;
        Settlement.@Nullable Verb said;
        /** A later one had been seen by then: this lease was over. */
        boolean saidLate;

        boolean answered;
        boolean taken;

        Delivery(int failures) {
            this.failures = failures;
        }

        boolean isTaken(Settlement.Verb verb) {
            return taken && said == verb;
        }

        /** It was acknowledged, and not refused: in time, or as what is done already, or nobody knows. */
        boolean mayHaveSettled() {
            return said == Settlement.Verb.ACK && (taken || !answered);
        }
    }

    /** Of one record. */
    private static final class Work {
        final NavigableMap<Integer, Delivery> deliveries = new TreeMap<>();
        /** The last delivery that can be the one that was settled. */
        int settled = NEVER;
        /** What had been seen and said of all records before it was first delivered, and first acknowledged. */
        int deliveredAt = NEVER;

        int settlingAt = NEVER;

        /** 0: there is none. */
        int lastToSettle() {
            return deliveries.descendingMap().entrySet().stream()
                    .filter(each -> each.getValue().mayHaveSettled())
                    .mapToInt(Map.Entry::getKey)
                    .findFirst()
                    .orElse(0);
        }

        int last() {
            return deliveries.isEmpty() ? 0 : deliveries.lastKey();
        }
    }

    private final Map<String, Sent> sent = new HashMap<>();
    private final Map<At, String> read = new HashMap<>();
    private final Map<At, Work> work = new HashMap<>();
    /** By partition: the end of what somebody was told to be there. */
    private final Map<Integer, Long> told = new HashMap<>();

    int acknowledged;
    int duplicates;
    int unknown;
    int failed;
    int reads;
    /** How often a broker has said where a partition ends. */
    int ends;

    int delivered;
    int redelivered;
    int settled;
    private final AckLevel level;
    private int unanswered;
    private int steps;

    /** @param level that acknowledgements name */
    History(AckLevel level) {
        this.level = level;
    }

    // Producers

    void sending(String value, String key, int partition) {
        sent.put(value, new Sent(key, partition));
        unanswered++;
    }

    void answered(String value, Producer.@Nullable Acknowledgement ok, @Nullable Throwable failure) {
        Sent one = sent.get(value);
        if (one.isAnswered()) {
            throw new Violation(value + " was answered twice");
        }
        unanswered--;
        if (ok != null) {
            if (ok.level() != level || ok.partition() != one.partition) {
                throw new Violation(value + ": " + ok + " (expected: partition " + one.partition + ", " + level + ")");
            }
            one.acknowledged = ok;
            told.merge(ok.partition(), ok.offset() + 1, Math::max);
            acknowledged++;
            duplicates += ok.duplicate() ? 1 : 0;
        } else if (failure instanceof HeadwaterException.OutcomeUnknown) {
            one.unknown = true;
            unknown++;
        } else {
            one.failed = true;
            failed++;
        }
    }

    int unanswered() {
        return unanswered;
    }

    // Readers

    /** @param next the offset that this reader has to see next */
    void read(ConsumedRecord record, long next) {
        if (record.offset() != next) {
            throw new Violation(
                    "partition " + record.partition() + ": read " + record.offset() + " (expected: " + next + ")");
        }
        see(record, "read");
        reads++;
    }

    /** All before this offset was there by now, as somebody was told. */
    long toldUntil(int partition) {
        return told.getOrDefault(partition, 0L);
    }

    /** @param toldBefore what somebody else had been told when the question was asked */
    void endRead(int partition, long toldBefore, long end) {
        ends++;
        if (end < toldBefore) {
            throw new Violation("partition " + partition + " ends at " + end + ", and somebody had been told of "
                    + toldBefore + " records before it was asked");
        }
    }

    private void see(ConsumedRecord record, String how) {
        told.merge(record.partition(), record.offset() + 1, Math::max);
        At at = new At(record.partition(), record.offset());
        String value = text(record.value());
        Sent one = sent.get(value);
        if (one == null || one.partition != at.partition() || !one.key.equals(text(record.key()))) {
            throw new Violation(at + " " + how + ": " + text(record.key()) + "=" + value + " was never sent there");
        }
        String before = read.putIfAbsent(at, value);
        if (before != null && !before.equals(value)) {
            throw new Violation(at + " " + how + ": " + value + ", and before: " + before);
        }
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "nothing" : new String(bytes, StandardCharsets.UTF_8);
    }

    // Workers

    void delivered(QueueRecord record) {
        see(record, "delivered");
        Work one = work.computeIfAbsent(new At(record.partition(), record.offset()), at -> new Work());
        one.deliveredAt = Math.min(one.deliveredAt, steps++);
        redelivered += one.deliveries.isEmpty() ? 0 : 1;
        delivered++;
        if (one.deliveries.put(record.deliveries(), new Delivery(record.failures())) != null) {
            throw new Violation(place(record) + ": delivery " + record.deliveries() + " was there twice");
        }
        checkOver(record, one);
        checkFailures(record, one);
    }

    /** It is to be settled so. */
    void settling(QueueRecord record, Settlement.Verb verb) {
        Work one = work.get(new At(record.partition(), record.offset()));
        Delivery delivery = one.deliveries.get(record.deliveries());
        delivery.said = verb;
        delivery.saidLate = one.last() > record.deliveries();
        if (verb == Settlement.Verb.ACK) {
            one.settlingAt = Math.min(one.settlingAt, steps++);
        }
    }

    /**
     * It was acknowledged that this was settled. That the record is done may be by this delivery or by a later one: who says it
     * again is told the same.
     */
    void settled(QueueRecord record) {
        Work one = work.get(new At(record.partition(), record.offset()));
        Delivery delivery = answered(record, one);
        delivery.taken = true;
        if (delivery.said != Settlement.Verb.ACK) {
            if (delivery.saidLate) {
                throw new Violation(place(record) + ": " + delivery.said + " of delivery " + record.deliveries()
                        + " was taken, whose lease was over");
            }
            checkFailures(record, one);
            return;
        }
        if (one.settled == NEVER) {
            one.settled = one.lastToSettle();
            settled++;
        }
        checkOver(record, one);
    }

    /** The lease was over, and nothing was changed. */
    void refused(QueueRecord record) {
        Work one = work.get(new At(record.partition(), record.offset()));
        Delivery unused = answered(record, one);
        if (record.deliveries() == one.settled) {
            throw new Violation(place(record) + ": delivery " + one.settled
                    + " was refused, and nobody else can have acknowledged it");
        }
    }

    private static Delivery answered(QueueRecord record, Work one) {
        Delivery delivery = one.deliveries.get(record.deliveries());
        if (delivery.answered) {
            throw new Violation(place(record) + ": delivery " + record.deliveries() + " was answered twice");
        }
        delivery.answered = true;
        return delivery;
    }

    /** A delivery counts as one failure at most, as one if that was confirmed, and as none if it was released. */
    private static void checkFailures(QueueRecord record, Work one) {
        int number = 0;
        int failures = 0;
        int least = 0;
        int most = 0;
        for (Map.Entry<Integer, Delivery> each : one.deliveries.entrySet()) {
            Delivery delivery = each.getValue();
            most += each.getKey() - number - 1; // those that nobody has seen
            if (delivery.failures < failures + least || delivery.failures > failures + most) {
                throw new Violation(place(record) + ": delivery " + each.getKey() + " has " + delivery.failures
                        + " failures (expected: at least " + (failures + least) + ", at most " + (failures + most)
                        + ")");
            }
            number = each.getKey();
            failures = delivery.failures;
            least = delivery.isTaken(Settlement.Verb.FAIL) ? 1 : 0;
            most = delivery.isTaken(Settlement.Verb.RELEASE) ? 0 : 1;
        }
    }

    /** What was delivered before it was settled may reach a worker later: it is the number of the delivery that counts. */
    private static void checkOver(QueueRecord record, Work one) {
        if (one.settled < one.last()) {
            throw new Violation(place(record) + ": delivery " + one.settled + " was settled, and " + one.last()
                    + " comes after it");
        }
    }

    private static String place(QueueRecord record) {
        return record.partition() + "@" + record.offset();
    }

    // The end

    /** @param logs of each partition: what stands at the offsets 0, 1, and so on */
    void check(List<List<String>> logs) {
        Map<String, At> stored = new HashMap<>();
        for (int partition = 0; partition < logs.size(); partition++) {
            Map<String, Integer> last = new HashMap<>();
            List<String> log = logs.get(partition);
            for (int offset = 0; offset < log.size(); offset++) {
                String value = log.get(offset);
                At at = new At(partition, offset);
                Sent one = sent.get(value);
                if (one == null || one.partition != partition) {
                    throw new Violation(at + ": " + value + " was never sent there");
                }
                At before = stored.put(value, at);
                if (before != null) {
                    throw new Violation(value + " stands at " + before + " and at " + at);
                }
                String[] parts = value.split(":");
                int number = Integer.parseInt(parts[1]);
                Integer previous = last.put(parts[0], number);
                if (previous != null && previous >= number) {
                    throw new Violation(at + ": " + value + " comes after number " + previous);
                }
            }
        }
        sent.forEach((value, one) -> check(value, one, stored.get(value)));
        read.forEach((at, value) -> {
            List<String> log = logs.get(at.partition());
            if (at.offset() >= log.size() || !log.get((int) at.offset()).equals(value)) {
                throw new Violation(at + ": " + value + " was read, and is not there");
            }
        });
    }

    /**
     * Each record was worked on, by somebody who acknowledged it.
     *
     * @param logs as above
     * @param keyed whether a record of a key waits until the one before it in its partition is done
     */
    void checkWork(List<List<String>> logs, boolean keyed) {
        for (int partition = 0; partition < logs.size(); partition++) {
            Map<String, Work> last = new HashMap<>();
            List<String> log = logs.get(partition);
            for (int offset = 0; offset < log.size(); offset++) {
                At at = new At(partition, offset);
                Work one = work.get(at);
                if (one == null || one.lastToSettle() == 0) {
                    throw new Violation(at + " is done, and nobody's acknowledgement was taken");
                }
                Work before = last.put(sent.get(log.get(offset)).key, one);
                if (keyed && before != null && before.settlingAt > one.deliveredAt) {
                    throw new Violation(at + " was delivered before the one before it of its key was done");
                }
            }
        }
    }

    private static void check(String value, Sent one, @Nullable At at) {
        Producer.Acknowledgement ok = one.acknowledged;
        if (ok != null && at == null) {
            throw new Violation(value + " was acknowledged at " + ok.offset() + ", and is not there");
        }
        if (ok != null && at != null && ok.offset() != at.offset()) {
            throw new Violation(value + " was acknowledged at " + ok.offset() + ", and stands at " + at);
        }
        if (one.failed && at != null) {
            throw new Violation(value + " failed for certain, and stands at " + at);
        }
    }

    /** Of a run, in a line. */
    String summary() {
        return acknowledged + " acknowledged, " + duplicates + " of them as duplicates, " + unknown + " unknown, "
                + failed
                + " failed, " + reads + " read, " + delivered + " delivered, " + redelivered + " again, " + settled
                + " settled";
    }
}
