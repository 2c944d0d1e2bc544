package io.headwater.broker.simulation;

import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.QueueRecord;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What clients did and heard, checked against what the logs hold in the end: nothing that was acknowledged is lost or
 * doubled, what definitely failed is not there, what one producer sent to one partition stands in that order, offsets have
 * no holes, readers saw what is there and no more, and what a worker has settled is delivered to nobody again.
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
        final int partition;
        Producer.@Nullable Acknowledgement acknowledged;
        boolean failed;
        boolean unknown;

        Sent(int partition) {
            this.partition = partition;
        }

        boolean isAnswered() {
            return acknowledged != null || failed || unknown;
        }
    }

    /** Of one record: which deliveries somebody has seen, the last that was to be settled, and the last that can be the one that was. */
    private static final class Work {
        final Set<Integer> deliveries = new HashSet<>();
        int settling;
        int settled = NEVER;

        int last() {
            return deliveries.stream().mapToInt(each -> each).max().orElse(0);
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
    private int unanswered;

    // Producers

    void sending(String value, int partition) {
        sent.put(value, new Sent(partition));
        unanswered++;
    }

    void answered(String value, Producer.@Nullable Acknowledgement ok, @Nullable Throwable failure) {
        Sent one = sent.get(value);
        unanswered--;
        if (ok != null) {
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
        String value = new String(record.value(), StandardCharsets.UTF_8);
        String before = read.putIfAbsent(at, value);
        if (before != null && !before.equals(value)) {
            throw new Violation(at + " " + how + ": " + value + ", and before: " + before);
        }
    }

    // Workers

    void delivered(QueueRecord record) {
        see(record, "delivered");
        Work one = work.computeIfAbsent(new At(record.partition(), record.offset()), at -> new Work());
        redelivered += one.deliveries.isEmpty() ? 0 : 1;
        delivered++;
        if (!one.deliveries.add(record.deliveries())) {
            throw new Violation(place(record) + ": delivery " + record.deliveries() + " was there twice");
        }
        checkOver(record, one);
    }

    /** It is to be acknowledged. */
    void settling(QueueRecord record) {
        Work one = work.get(new At(record.partition(), record.offset()));
        one.settling = Math.max(one.settling, record.deliveries());
    }

    /** It was acknowledged that the record is done, by this delivery or by a later one: who says it again is told the same. */
    void settled(QueueRecord record) {
        Work one = work.get(new At(record.partition(), record.offset()));
        if (one.settled == NEVER) {
            one.settled = one.settling;
            settled++;
        }
        checkOver(record, one);
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

    private static void check(String value, Sent one, @Nullable At at) {
        Producer.Acknowledgement ok = one.acknowledged;
        if (ok != null && at == null) {
            throw new Violation(value + " was acknowledged at " + ok.offset() + ", and is not there");
        }
        if (ok != null && at != null && !ok.duplicate() && ok.offset() != at.offset()) {
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
