package io.headwater.broker.work;

import com.google.protobuf.ByteString;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.Explanation;
import io.headwater.protocol.wire.HeaderValue;
import io.headwater.protocol.wire.QueueFilter;
import io.headwater.protocol.wire.QueueTimes;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.storage.StorageException;
import io.headwater.storage.TimeRange;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What somebody who looks for records wants of them beyond their state: all of it must hold. */
final class Conditions {
    private static final int MOST_HEADERS = 16;
    private static final byte[] NOTHING = {};

    private final @Nullable ByteString key;
    private final @Nullable TimeRange eventTimes;
    private final QueueTimes ingestion;
    private final List<HeaderValue> headers;
    private final Set<String> causes;

    private Conditions(QueueFilter filter, @Nullable TimeRange eventTimes) {
        this.key = filter.hasKey() ? filter.getKey() : null;
        this.eventTimes = eventTimes;
        this.ingestion = filter.getIngestion();
        this.headers = filter.getHeadersList();
        this.causes = Set.copyOf(filter.getCausesList());
    }

    static Conditions of(QueueFilter filter) throws RequestFailedException {
        QueueTimes event = filter.getEvent();
        check("event", event);
        check("ingestion", filter.getIngestion());
        if (filter.getHeadersCount() > MOST_HEADERS) {
            throw QueueDesk.invalid(
                    "headers: " + filter.getHeadersCount() + " (expected: at most " + MOST_HEADERS + ")");
        }
        for (HeaderValue header : filter.getHeadersList()) {
            if (header.getName().isEmpty()) {
                throw QueueDesk.invalid("header: without a name (expected: a name, and the value that it must have)");
            }
        }
        for (String cause : filter.getCausesList()) {
            if (!Reports.CAUSES.contains(cause)) {
                throw QueueDesk.invalid("cause: " + cause + " (expected: one of " + Reports.CAUSES + ")");
            }
        }
        TimeRange times = filter.hasEvent()
                ? new TimeRange(
                        event.hasFromMs() ? event.getFromMs() : Long.MIN_VALUE,
                        event.hasUntilMs() ? event.getUntilMs() : Long.MAX_VALUE)
                : null;
        return new Conditions(filter, times);
    }

    private static void check(String what, QueueTimes times) throws RequestFailedException {
        if (times.hasFromMs() && times.hasUntilMs() && times.getUntilMs() < times.getFromMs()) {
            throw QueueDesk.invalid(what + " times: from " + times.getFromMs() + " until " + times.getUntilMs()
                    + " (expected: until not before from)");
        }
    }

    /** Whether records must be read to know whether they are meant. */
    boolean lookInside() {
        return key != null || eventTimes != null || !headers.isEmpty();
    }

    /** Whether what the group knows of records says nothing of which are meant, but for their states. */
    boolean takeEveryRecord() {
        return causes.isEmpty() && !lookInside();
    }

    @Nullable
    TimeRange eventTimes() {
        return eventTimes;
    }

    /** Ingestion times never fall from offset to offset: no record before this one is meant. */
    long from(Partition partition, long from) throws StorageException {
        return ingestion.hasFromMs()
                ? Math.max(from, partition.log().offsetForIngestionTime(ingestion.getFromMs()))
                : from;
    }

    /** As {@link #from}: none from this one on. */
    long until(Partition partition, long until) throws StorageException {
        return ingestion.hasUntilMs()
                ? Math.min(until, partition.log().offsetForIngestionTime(ingestion.getUntilMs()))
                : until;
    }

    boolean hold(Explanation known) {
        return causes.isEmpty() || causes.contains(Reports.cause(known.lastEnd()));
    }

    /** @param record stands on the record; borrowed */
    boolean hold(RecordCursor record) {
        return hasKey(record)
                && (eventTimes == null
                        || (record.eventTimeMs() >= eventTimes.fromMs() && record.eventTimeMs() < eventTimes.untilMs()))
                && hasHeaders(record);
    }

    private boolean hasKey(RecordCursor record) {
        return key == null
                || (record.hasKey()
                        && record.keyLength() == key.size()
                        && key.asReadOnlyByteBuffer()
                                .equals(record.buffer().duplicate().clear().slice(record.keyPosition(), key.size())));
    }

    private static byte[] valueOf(RecordHeader header) {
        byte[] value = header.value();
        return value == null ? NOTHING : value;
    }

    private boolean hasHeaders(RecordCursor record) {
        if (headers.isEmpty()) {
            return true;
        }
        List<RecordHeader> present = record.headers();
        for (HeaderValue wanted : headers) {
            byte[] value = wanted.getValue().toByteArray();
            boolean found = false;
            for (RecordHeader header : present) {
                found |= header.name().equals(wanted.getName()) && Arrays.equals(valueOf(header), value);
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }
}
