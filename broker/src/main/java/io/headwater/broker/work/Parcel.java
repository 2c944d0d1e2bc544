package io.headwater.broker.work;

import io.headwater.broker.net.Connection;
import io.headwater.broker.net.CopiedBytes;
import io.headwater.broker.queue.Receiver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.record.BatchLayout;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Records that were granted to a consumer in one turn. When the grant is durable they leave, cut out of their entries. */
final class Parcel implements Departure {
    /** A frame is closed when it has so many bytes. */
    private static final int FRAME_BYTES = 512 << 10;

    private final QueueDesk desk;
    private final Worker worker;
    private final long[] offsets;
    private final int[] attempts;
    private final int[] failures;
    private final long reserved;
    private boolean again;
    /** What was said of the last failures; null: of none. */
    private String @Nullable [] reasons;

    private long sentBytes;

    Parcel(QueueDesk desk, Worker worker, Receiver given) {
        this.desk = desk;
        this.worker = worker;
        this.offsets = new long[given.size()];
        this.attempts = new int[given.size()];
        this.failures = new int[given.size()];
        this.reserved = worker.reserved();
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = given.offset(i);
            attempts[i] = given.attempt(i);
        }
    }

    int size() {
        return offsets.length;
    }

    long offset(int index) {
        return offsets[index];
    }

    int attempt(int index) {
        return attempts[index];
    }

    /** What came of earlier attempts on a record. */
    void before(int index, int failed, String reason) {
        failures[index] = failed;
        again |= failed > 0;
        if (!reason.isEmpty()) {
            if (reasons == null) {
                reasons = new String[offsets.length];
                Arrays.fill(reasons, "");
            }
            reasons[index] = reason;
        }
    }

    @Override
    public void leave() {
        if (worker.hasEnded()) {
            // Its leases wait for the session, as for any that it has.
            return;
        }
        try {
            int from = 0;
            while (from < offsets.length && (from == 0 || worker.connection().mayDeliver())) {
                from = send(from);
            }
            for (int left = from; left < offsets.length; left++) {
                desk.putBack(worker, offsets[left], attempts[left]);
            }
            worker.took(sentBytes - reserved);
            if (from < offsets.length) {
                // What does not leave takes no credit: its consumer would never know of it.
                desk.credit(worker, offsets.length - from, 0);
            }
        } catch (StorageException e) {
            desk.undeliverable(worker, e);
        }
    }

    @Override
    public Connection connection() {
        return worker.connection();
    }

    @Override
    public void failed(Error error) {
        // Its consumer is told by the end of its subscription.
    }

    /** Sends a frame with the records from an index on; returns the index of the next. */
    private int send(int from) throws StorageException {
        int size = 0;
        int to = from;
        // First how large it gets; the shelf has the entries then.
        while (to < offsets.length && size < FRAME_BYTES) {
            int end = fitting(to, endOfEntry(to), FRAME_BYTES - size);
            size += sizeOf(to, end);
            to = end;
        }
        QueueDeliver.Builder message = QueueDeliver.newBuilder()
                .setSubscriptionId(worker.id())
                .setLeaseMs(worker.leaseMs())
                .setCreditTaken(to - from);
        CopiedBytes bytes = CopiedBytes.allocate(size);
        boolean written = false;
        try {
            write(from, to, bytes.target(), message);
            written = true;
        } finally {
            if (!written) {
                bytes.release();
            }
        }
        sentBytes += bytes.size();
        worker.connection().deliver(message.build(), bytes);
        return to;
    }

    /** The records from an index to before another are of one entry, in its order. */
    private int endOfEntry(int from) throws StorageException {
        RecordShelf.Shelved entry = desk.shelf().holding(offsets[from]);
        int to = from + 1;
        while (entry != null && to < offsets.length && offsets[to] > offsets[to - 1] && entry.holds(offsets[to])) {
            to++;
        }
        return to;
    }

    /** How many of the records of one entry go into a frame with so much room, as the index behind them: at least one. */
    private int fitting(int from, int end, int room) throws StorageException {
        RecordShelf.Shelved entry = desk.shelf().holding(offsets[from]);
        BatchSlicer records = entry == null ? null : entry.records();
        if (records == null) {
            return end;
        }
        int size = 0;
        int to = from;
        while (to < end && (to == from || size < room)) {
            int index = records.indexFrom(offsets[to]);
            size += index < records.recordCount() ? records.sizeInBytes(index, index + 1) : 0;
            to++;
        }
        return to;
    }

    private int sizeOf(int from, int to) throws StorageException {
        RecordShelf.Shelved entry = desk.shelf().holding(offsets[from]);
        BatchSlicer records = entry == null ? null : entry.records();
        if (records == null) {
            return 0;
        }
        int size = Envelope.SIZE + BatchLayout.HEADER_SIZE;
        for (int i = from; i < to; i++) {
            int index = records.indexFrom(offsets[i]);
            if (index < records.recordCount() && records.offset(index) == offsets[i]) {
                size += records.sizeInBytes(index, index + 1);
            }
        }
        return size;
    }

    private void write(int from, int to, ByteBuffer target, QueueDeliver.Builder message) throws StorageException {
        Envelope envelope = new Envelope();
        RecordBatch batch = new RecordBatch();
        boolean firstTime = true;
        for (int i = from; i < to; i++) {
            firstTime &= attempts[i] == 1;
        }
        int at = from;
        int written = 0;
        while (at < to) {
            int end = Math.min(to, endOfEntry(at));
            RecordShelf.Shelved entry = desk.shelf().holding(offsets[at]);
            BatchSlicer records = entry == null ? null : entry.records();
            int added = 0;
            for (int i = at; i < end; i++) {
                int index = records == null ? 0 : records.indexFrom(offsets[i]);
                if (entry == null
                        || records == null
                        || index == records.recordCount()
                        || records.offset(index) != offsets[i]) {
                    desk.unreadable(worker.groupId(), offsets[i], attempts[i], entry == null || records != null);
                    continue;
                }
                if (added == 0) {
                    entry.begin(target);
                }
                records.add(index, index + 1);
                added++;
                if (!firstTime) {
                    message.addAttempts(attempts[i]);
                }
                if (again) {
                    message.addFailures(failures[i]);
                }
                if (reasons != null) {
                    message.addReasons(reasons[i]);
                }
                if (attempts[i] == 1) {
                    desk.leftQueue(worker.groupId(), entry.ingestionTimeMs());
                }
            }
            if (entry != null && added > 0) {
                entry.finish(target, envelope, batch);
            }
            written += added;
            at = end;
        }
        desk.sent(written, target.position());
    }
}
