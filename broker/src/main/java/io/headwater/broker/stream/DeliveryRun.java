package io.headwater.broker.stream;

import io.headwater.broker.net.CopiedBytes;
import io.headwater.broker.net.LentBytes;
import io.headwater.storage.LogSlice;
import io.headwater.storage.StorageException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * One subscription's share of a turn. Short runs of entries are copied together into one pooled buffer, mostly from the
 * hot tail; longer ones are lent and leave the file by sendfile. At most one of each, so that subscriptions take turns.
 */
final class DeliveryRun {
    /** Runs below this size are copied. */
    static final int COPY_BYTES = 16 * 1024;

    /** Copied runs are gathered up to about this size. */
    static final int GATHER_BYTES = 64 * 1024;

    /** The most bytes lent at once. */
    static final int LEND_BYTES = 1024 * 1024;

    private final Subscription subscription;
    private final Traffic traffic;
    private @Nullable CopiedBytes gathered;
    private long records;
    private long bytes;

    DeliveryRun(Subscription subscription, Traffic traffic) {
        this.subscription = subscription;
        this.traffic = traffic;
    }

    void run() throws StorageException {
        try {
            boolean goOn = true;
            while (goOn && subscription.credit() > 0 && subscription.nextOffset() < subscription.end()) {
                goOn = step();
            }
        } finally {
            // Also before an error is reported: what was read so far is good.
            sendGathered();
            traffic.sent(records, bytes);
        }
    }

    /** False: enough for this turn. */
    private boolean step() throws StorageException {
        LogSlice slice = subscription.read((int) Math.min(subscription.credit(), LEND_BYTES));
        int size = slice.sizeInBytes();
        records += slice.recordCount();
        bytes += size;
        FileChannel channel = slice.channel();
        if (size >= COPY_BYTES && channel != null) {
            sendGathered();
            subscription.moved(slice);
            LentBytes lent = new LentBytes(channel, slice.position(), size, slice::close);
            subscription.connection().deliver(subscription.message().build(), lent);
            return false;
        }
        try (slice) {
            if (size > 0) {
                copy(slice, size);
            }
            subscription.moved(slice);
        }
        return size > 0 && (gathered == null || gathered.size() < GATHER_BYTES / 2);
    }

    private void copy(LogSlice slice, int size) throws StorageException {
        CopiedBytes target = gathered;
        if (target != null && target.target().remaining() < size) {
            sendGathered();
            target = null;
        }
        if (target == null) {
            // Exactly what is needed where nothing else follows: most deliveries at the tail are small.
            boolean last = slice.nextOffset() >= subscription.end();
            target = CopiedBytes.allocate(last ? size : Math.max(size, GATHER_BYTES));
            gathered = target;
        }
        int start = target.target().position();
        boolean whole = false;
        try {
            slice.copyTo(target.target());
            whole = true;
        } finally {
            if (!whole) {
                // Half an entry never leaves.
                target.target().position(start);
            }
        }
    }

    private void sendGathered() {
        CopiedBytes ready = gathered;
        if (ready != null) {
            gathered = null;
            if (ready.size() == 0) {
                ready.release();
                return;
            }
            subscription.connection().deliver(subscription.message().build(), ready);
        }
    }
}
