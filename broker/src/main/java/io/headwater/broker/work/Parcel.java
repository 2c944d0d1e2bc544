package io.headwater.broker.work;

import io.headwater.broker.net.Connection;
import io.headwater.broker.net.CopiedBytes;
import io.headwater.broker.queue.Receiver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.record.BatchLayout;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Envelope;
import io.headwater.storage.StorageException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Records that were granted to a consumer in one turn. When the grant is durable they leave, cut out of their entries. */
final class Parcel implements Departure {
    /** A frame is closed when it has so many bytes. */
    private static final int FRAME_BYTES = 512 << 10;
    /** Of an entry, before its records. */
    private static final int HEAD_BYTES = Envelope.SIZE + BatchLayout.HEADER_SIZE;

    private final QueueDesk desk;
    private final Worker worker;
    private final long[] offsets;
    private final int[] attempts;
    private final int[] failures;
    private final long reserved;
    /** From this one on they follow others of their keys. */
    private final int followers;

    /** Some of them were delivered before. */
    private boolean repeated;

    private boolean again;
    /** What was said of the last failures; null: of none. */
    private String @Nullable [] reasons;

    private long sentRecords;
    private long sentBytes;
    /** One of them died here: what follows it has gone back. */
    private boolean died;

    private int passedOver;

    Parcel(QueueDesk desk, Worker worker, Receiver given) {
        this.desk = desk;
        this.worker = worker;
        this.offsets = new long[given.size()];
        this.attempts = new int[given.size()];
        this.failures = new int[given.size()];
        this.reserved = worker.reserved();
        this.followers = given.size() - given.followers();
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = given.offset(i);
            attempts[i] = given.attempt(i);
            repeated |= attempts[i] > 1;
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
            int stayed = offsets.length - from + passedOver;
            if (stayed > 0) {
                // What does not leave takes no credit: its consumer would never know of it.
                desk.credit(worker, stayed, 0);
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
        QueueDeliver.Builder message =
                QueueDeliver.newBuilder().setSubscriptionId(worker.id()).setLeaseMs(worker.leaseMs());
        CopiedBytes bytes = CopiedBytes.allocate((int) Math.min(FRAME_BYTES, reserved + HEAD_BYTES));
        long before = sentRecords;
        int passedBefore = passedOver;
        int to = from;
        try {
            while (to < offsets.length && (to == from || bytes.size() < FRAME_BYTES)) {
                to = write(to, bytes, message);
            }
        } catch (StorageException | RuntimeException e) {
            bytes.release();
            throw e;
        }
        desk.sent(sentRecords - before, bytes.size());
        message.setCreditTaken(to - from - (passedOver - passedBefore));
        sentBytes += bytes.size();
        worker.connection().deliver(message.build(), bytes);
        return to;
    }

    /** Writes the records from an index on that are of one entry, in its order; returns the index of the next. */
    private int write(int from, CopiedBytes bytes, QueueDeliver.Builder message) throws StorageException {
        RecordShelf.Shelved entry = desk.shelf().holding(offsets, from);
        BatchSlicer records = entry == null ? null : entry.records();
        if (entry == null || records == null) {
            desk.unreadable(worker.groupId(), offsets[from], attempts[from], entry == null);
            died |= entry != null;
            return from + 1;
        }
        int size = HEAD_BYTES;
        int to = from;
        do {
            int index = records.indexFrom(offsets[to]);
            size += index < records.recordCount() ? records.sizeInBytes(index, index + 1) : 0;
            to++;
        } while (to < offsets.length
                && offsets[to] > offsets[to - 1]
                && entry.holds(offsets[to])
                && bytes.size() + size < FRAME_BYTES);
        bytes.ensureRoom(size);
        int added = 0;
        for (int i = from; i < to; i++) {
            int index = records.indexFrom(offsets[i]);
            if (index == records.recordCount() || records.offset(index) != offsets[i]) {
                desk.unreadable(worker.groupId(), offsets[i], attempts[i], true);
                continue;
            }
            if (died && i >= followers && !desk.isLeased(worker.groupId(), offsets[i], attempts[i])) {
                passedOver++;
                continue;
            }
            if (added == 0) {
                entry.begin(bytes.target());
            }
            entry.add(index);
            added++;
            if (repeated) {
                message.addAttempts(attempts[i]);
            }
            if (again) {
                message.addFailures(failures[i]);
            }
            if (reasons != null) {
                message.addReasons(reasons[i]);
            }
            if (i >= followers) {
                message.setFollowers(message.getFollowers() + 1);
            }
            if (attempts[i] == 1) {
                desk.leftQueue(worker.groupId(), entry.ingestionTimeMs());
            }
        }
        if (added > 0) {
            entry.finish(bytes.target());
        }
        sentRecords += added;
        return to;
    }
}
