package io.headwater.broker.stream;

import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.storage.LogSlice;
import io.headwater.storage.StorageException;
import io.headwater.storage.TimeRange;
import org.jspecify.annotations.Nullable;

/**
 * One consumer's place in one partition. {@link #deliver} sends one delivery and says what to wait for; who waits for
 * what is the shard's business. On the partition's owner thread.
 */
public final class Subscription {
    /** What a subscription waits for after a delivery. */
    public enum Next {
        /** There is more to send, and credit for it. */
        READY,
        /** Everything committed was sent. */
        COMMIT,
        CREDIT,
        /** The connection has to take what is on its way. */
        CONNECTION,
        /** The asked-for end is reached, or the subscription failed: nothing follows. */
        ENDED
    }

    private final Connection connection;
    private final int id;
    private final Partition partition;
    private final long untilOffset;
    private final @Nullable TimeRange eventTimes;
    /** The peer was sent what comes first, and found it damaged. */
    private boolean rechecks;

    private long nextOffset;
    private long toldOffset;
    private long credit;
    private Next waitingFor = Next.READY;

    public Subscription(Connection connection, Subscribe request, Partition partition) {
        this.connection = connection;
        this.id = request.getSubscriptionId();
        this.partition = partition;
        this.untilOffset = request.getUntilOffset() < 0 ? Long.MAX_VALUE : request.getUntilOffset();
        this.eventTimes = request.getFilterEventTime()
                ? new TimeRange(request.getEventFromMs(), request.getEventUntilMs())
                : null;
        this.rechecks = request.getRecheck();
        this.nextOffset = request.getFromOffset();
        this.toldOffset = nextOffset;
        this.credit = request.getCreditBytes();
    }

    public Connection connection() {
        return connection;
    }

    public int id() {
        return id;
    }

    public Partition partition() {
        return partition;
    }

    /** What it waited for when {@link #deliver} was last called. */
    public Next waitingFor() {
        return waitingFor;
    }

    /** What it waited for has come. */
    public void ready() {
        waitingFor = Next.READY;
    }

    /** Nothing is sent any more. */
    public void stop() {
        waitingFor = Next.ENDED;
    }

    public void addCredit(long bytes) {
        // Saturates: a peer that grants without end gets no overflow. Credit is never taken back.
        long sum = credit + Math.max(0, bytes);
        credit = sum < credit ? Long.MAX_VALUE : sum;
    }

    /** Sends a share of what there is; the caller wakes the connection at the end of its turn, and parks this. */
    public Next deliver(Traffic traffic) {
        if (credit <= 0) {
            waitingFor = Next.CREDIT;
        } else if (!connection.mayDeliver()) {
            waitingFor = Next.CONNECTION;
        } else {
            try {
                new DeliveryRun(this, traffic).run();
                tellProgress();
                waitingFor = next();
            } catch (StorageException e) {
                fail(PartitionErrors.of(partition.info(), e));
            }
        }
        return waitingFor;
    }

    /** Ends it: the peer is told why. */
    public void fail(Error error) {
        connection.post(
                Outgoing.push(FrameType.DELIVER, message().setError(error).build()));
        waitingFor = Next.ENDED;
    }

    private Next next() {
        if (nextOffset >= untilOffset) {
            return Next.ENDED;
        }
        if (nextOffset >= partition.committedOffset()) {
            return Next.COMMIT;
        }
        return credit > 0 ? Next.READY : Next.CREDIT;
    }

    /** A filter may skip to the end without finding anything to send; the peer must learn that it is there. */
    private void tellProgress() {
        if (toldOffset < nextOffset && nextOffset >= end()) {
            connection.post(Outgoing.push(FrameType.DELIVER, message().build()));
        }
    }

    /** Of what may be sent now. */
    long end() {
        return Math.min(untilOffset, partition.committedOffset());
    }

    long nextOffset() {
        return nextOffset;
    }

    long credit() {
        return credit;
    }

    /**
     * Reads on from where this stands, moves it, and pays for the bytes. Lends the slice.
     *
     * @return empty: nothing matched so far
     */
    LogSlice read(int maxBytes) throws StorageException {
        long committed = partition.committedOffset();
        LogSlice slice = partition.log().read(nextOffset, end(), maxBytes, eventTimes);
        if (slice.nextOffset() == nextOffset && end() < committed) {
            // The end lies inside of a batch, which is sent whole; the client leaves out what is behind.
            slice.close();
            slice = partition.log().read(nextOffset, committed, 1, eventTimes);
        }
        if (rechecks && slice.sizeInBytes() > 0) {
            recheck(slice);
        }
        if (slice.nextOffset() <= nextOffset) {
            slice.close();
            throw new IllegalStateException("partition " + partition.info().displayName() + ": nothing at offset "
                    + nextOffset + " below the committed end " + committed);
        }
        return slice;
    }

    /** Nobody checks a second time what this process has written or checked before, and it may have rotted since. */
    private void recheck(LogSlice slice) throws StorageException {
        rechecks = false;
        try {
            partition.log().recheckRecord(slice.baseOffset());
        } catch (StorageException damaged) {
            slice.close();
            throw damaged;
        }
    }

    /** The slice was sent, or is about to be. */
    void moved(LogSlice slice) {
        nextOffset = slice.nextOffset();
        credit -= slice.sizeInBytes();
    }

    Deliver.Builder message() {
        toldOffset = nextOffset;
        return Deliver.newBuilder()
                .setSubscriptionId(id)
                .setNextOffset(nextOffset)
                .setEndOffset(partition.committedOffset());
    }
}
