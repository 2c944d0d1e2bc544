package io.headwater.broker.stream;

import io.headwater.broker.net.Attachment;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One produce frame: batches for many partitions, perhaps of several owners, and one reply, which leaves when the last
 * batch has its result. Each slot is filled once, by the owner of its partition.
 */
public final class ProduceRequest {
    private final Connection connection;
    private final int correlationId;
    private final Attachment attachment;
    private final long arrivedNs;
    private final ProduceResult[] results;
    private final AtomicInteger missing;

    /** @param arrivedNs on the broker's monotonic clock */
    public ProduceRequest(
            Connection connection, int correlationId, Attachment attachment, int batches, long arrivedNs) {
        this.arrivedNs = arrivedNs;
        this.connection = connection;
        this.correlationId = correlationId;
        this.attachment = attachment;
        this.results = new ProduceResult[batches];
        this.missing = new AtomicInteger(batches);
    }

    public Connection connection() {
        return connection;
    }

    public long arrivedNs() {
        return arrivedNs;
    }

    /** Each part that was handed to an owner holds it once. */
    public Attachment attachment() {
        return attachment;
    }

    /** Fills a slot. True: it was the last one, and the reply is posted; the caller wakes the connection. */
    public boolean complete(int slot, ProduceResult result) {
        results[slot] = result;
        if (missing.decrementAndGet() > 0) {
            return false;
        }
        ProduceReply.Builder reply = ProduceReply.newBuilder();
        for (ProduceResult each : results) {
            reply.addResults(each);
        }
        connection.post(Outgoing.reply(correlationId, FrameType.PRODUCE, reply.build()));
        return true;
    }
}
