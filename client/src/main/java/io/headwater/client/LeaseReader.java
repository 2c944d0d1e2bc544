package io.headwater.client;

import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.record.Compression;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Makes records of a queue's deliveries, once their checksums are checked. On the loop. */
final class LeaseReader {
    private static final int SHORTEST_LEASE_MS = 1_000;

    private final Envelope envelope = new Envelope();
    private final RecordBatch batch = new RecordBatch();
    private final RecordCursor reusedCursor = new RecordCursor();

    /**
     * @param data kept by the records
     * @throws InvalidBatchException the bytes are damaged, or not what the message says
     */
    List<LeasedRecord> read(QueueSubscription subscription, QueueDeliver deliver, byte[] data, long nowMs, long nowNs)
            throws InvalidBatchException {
        if (deliver.getLeaseMs() < SHORTEST_LEASE_MS) {
            throw new InvalidBatchException("lease: " + deliver.getLeaseMs() + " ms (expected: 1 s or more)");
        }
        ByteBuffer buffer = ByteBuffer.wrap(data);
        List<LeasedRecord> records = new ArrayList<>(deliver.getCreditTaken());
        int at = 0;
        while (at < data.length) {
            if (data.length - at < Envelope.SIZE) {
                throw new InvalidBatchException("entry of " + (data.length - at) + " bytes (expected: at least 64)");
            }
            envelope.wrap(buffer, at);
            if (!envelope.crcMatches() || envelope.kind() != EntryKind.DATA) {
                throw new InvalidBatchException("an entry's envelope is damaged, or not of records");
            }
            batch.wrap(buffer, at + Envelope.SIZE);
            if (!batch.crcMatches() || envelope.length() != Envelope.SIZE + batch.sizeInBytes()) {
                throw new InvalidBatchException("the checksum of a batch does not match");
            }
            at += envelope.length();
            // A compressed batch inflates into its cursor's own memory, which the records keep.
            RecordCursor cursor =
                    batch.compression() == Compression.NONE ? batch.records(reusedCursor) : batch.records();
            var source = new LeasedRecord.Source(
                    subscription,
                    envelope.ingestionTimeMs(),
                    cursor.buffer(),
                    nowMs,
                    nowNs,
                    deliver.getLeaseMs() * 1_000_000);
            while (cursor.next()) {
                int i = records.size();
                int attempt = i < deliver.getAttemptsCount() ? deliver.getAttempts(i) : 1;
                int failures = i < deliver.getFailuresCount() ? deliver.getFailures(i) : 0;
                String reason = i < deliver.getReasonsCount() ? deliver.getReasons(i) : "";
                records.add(new LeasedRecord(source, cursor, attempt, failures, reason));
            }
        }
        check("attempts", deliver.getAttemptsCount(), records.size());
        check("failures", deliver.getFailuresCount(), records.size());
        check("reasons", deliver.getReasonsCount(), records.size());
        int followers = deliver.getFollowers();
        if (followers < 0 || followers > records.size()) {
            throw new InvalidBatchException("followers: " + followers + " (expected: 0 to " + records.size() + ")");
        }
        for (LeasedRecord record : records.subList(records.size() - followers, records.size())) {
            record.follows = true;
        }
        shareOut(data.length, records);
        return records;
    }

    private static void check(String what, int count, int records) throws InvalidBatchException {
        if (count != 0 && count != records) {
            throw new InvalidBatchException(
                    what + ": " + count + " (expected: none, or one for each of " + records + " records)");
        }
    }

    private static void shareOut(long bytes, List<LeasedRecord> records) {
        int count = records.size();
        for (int i = 0; i < count; i++) {
            records.get(i).bytes = (int) (bytes * (i + 1) / count - bytes * i / count);
        }
    }
}
