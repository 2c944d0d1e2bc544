package io.headwater.client;

import io.headwater.client.QueueAdmin.Range;
import io.headwater.record.RecordHeader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which records of a queue group are meant; all conditions must hold. Immutable, but for the bytes that it shares.
 *
 * @param key null: any, or none
 * @param event when it happened
 * @param ingestion when the broker took it in
 * @param headers each of them must stand in the record, with that value
 * @param causes how the last attempt on it ended: some of what {@link QueueAdmin.KnownRecord#cause} may say; empty: any
 */
@SuppressWarnings("ArrayRecordComponent")
public record QueueFilter(
        Range range,
        byte @Nullable [] key,
        Times event,
        Times ingestion,
        List<RecordHeader> headers,
        Set<String> causes) {

    /**
     * A span of time.
     *
     * @param from null: from ever
     * @param until exclusive; null: for ever
     */
    public record Times(@Nullable Instant from, @Nullable Instant until) {
        /** All that there are. */
        public static final Times ALL = new Times(null, null);

        public Times {
            if (from != null && until != null && until.isBefore(from)) {
                throw new IllegalArgumentException(
                        "times: from " + from + " until " + until + " (expected: until not before from)");
            }
        }
    }

    public QueueFilter {
        headers = List.copyOf(headers);
        causes = Set.copyOf(causes);
    }

    /** Every record. */
    public static QueueFilter all() {
        return in(Range.all());
    }

    /** Every record of some offsets. */
    public static QueueFilter in(Range range) {
        return new QueueFilter(range, null, Times.ALL, Times.ALL, List.of(), Set.of());
    }

    /** The same of other offsets. */
    public QueueFilter within(Range newRange) {
        return new QueueFilter(newRange, key, event, ingestion, headers, causes);
    }

    /** Shares the array. */
    public QueueFilter withKey(byte[] newKey) {
        return new QueueFilter(range, newKey, event, ingestion, headers, causes);
    }

    public QueueFilter withEvent(Times newEvent) {
        return new QueueFilter(range, key, newEvent, ingestion, headers, causes);
    }

    public QueueFilter withIngestion(Times newIngestion) {
        return new QueueFilter(range, key, event, newIngestion, headers, causes);
    }

    /** One more; shares the array. A value that is not there counts as an empty one. */
    public QueueFilter withHeader(String name, byte[] value) {
        List<RecordHeader> more = new ArrayList<>(headers);
        more.add(new RecordHeader(name, value));
        return new QueueFilter(range, key, event, ingestion, more, causes);
    }

    public QueueFilter withCauses(Set<String> newCauses) {
        return new QueueFilter(range, key, event, ingestion, headers, newCauses);
    }
}
