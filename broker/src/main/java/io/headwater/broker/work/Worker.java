package io.headwater.broker.work;

import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.Receiver;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueOpen;
import org.jspecify.annotations.Nullable;

/** A consumer's place in a group of one partition: its connection, its session, its credit. */
public final class Worker {
    private static final int MAX_CREDIT_RECORDS = 1_000_000;
    private static final int MAX_NAME_LENGTH = 256;

    private final Connection connection;
    private final int id;
    private final int groupId;
    private final String name;
    private final int leaseMs;
    private final Receiver receiver;
    private int records;
    private long bytes;
    private int offeredRecords;
    private long offeredBytes;
    private long reserved;
    private boolean closing;
    private boolean ended;

    Worker(Connection connection, QueueOpen request, int leaseMs) {
        this.connection = connection;
        this.id = request.getSubscriptionId();
        this.groupId = request.getGroupId();
        String asked = request.getConsumerName().isEmpty() ? connection.clientName() : request.getConsumerName();
        this.name = asked.length() > MAX_NAME_LENGTH ? asked.substring(0, MAX_NAME_LENGTH) : asked;
        this.leaseMs = leaseMs;
        this.receiver = new Receiver(request.getSession(), Math.max(1, request.getRecordsPerKey()));
        addCredit(request.getCreditRecords(), request.getCreditBytes());
    }

    public Connection connection() {
        return connection;
    }

    public int id() {
        return id;
    }

    int groupId() {
        return groupId;
    }

    String name() {
        return name;
    }

    public int leaseMs() {
        return leaseMs;
    }

    /** 0: its leases are detached. */
    long session() {
        return receiver.session();
    }

    int creditRecords() {
        return records;
    }

    long creditBytes() {
        return bytes;
    }

    boolean hasEnded() {
        return ended;
    }

    void end() {
        ended = true;
    }

    /** Saturates: a peer that grants without end gets no overflow. Credit is never taken back. */
    void addCredit(int moreRecords, long moreBytes) {
        records = (int) Math.min(MAX_CREDIT_RECORDS, (long) records + Math.max(0, moreRecords));
        long sum = bytes + Math.max(0, moreBytes);
        bytes = sum < bytes ? Long.MAX_VALUE : sum;
    }

    boolean hasCredit() {
        return !ended && !closing && records > 0 && bytes > 0;
    }

    /** It settles what it holds, and gets nothing more. */
    void takesNoMore() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }

    /** As {@link QueueEngine#grant} wants it, for what it may get in one turn. */
    Receiver receiver(int mostRecords, long mostBytes) {
        offeredRecords = Math.min(records, mostRecords);
        offeredBytes = Math.min(bytes, mostBytes);
        return receiver.waitFor(offeredRecords, offeredBytes, leaseMs);
    }

    /** Null: it was given nothing. */
    @Nullable
    Receiver given() {
        if (receiver.size() == 0) {
            return null;
        }
        records -= offeredRecords - receiver.records();
        reserved = offeredBytes - receiver.bytes();
        bytes -= reserved;
        return receiver;
    }

    /** What a guess said of the bytes of what was {@link #given}; they are taken from its credit. */
    long reserved() {
        return reserved;
    }

    /** What was given took so many bytes more than was guessed. */
    void took(long more) {
        bytes -= more;
    }

    /** Nothing follows, and the peer is told why. */
    void fail(Error error) {
        ended = true;
        connection.post(Outgoing.push(
                FrameType.QUEUE_DELIVER,
                QueueDeliver.newBuilder().setSubscriptionId(id).setError(error).build()));
    }
}
