package io.headwater.client;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** Packs batches, of any partitions of one broker, into frames of bounded size. On the loop. */
final class Outbox {
    /** Large enough to be cheap, small enough that an answer does not wait long for a frame to arrive. */
    private static final int FRAME_BYTES = 1 << 18;

    private final Session session;
    private final Sender sender;
    private List<Batch> batches = new ArrayList<>();
    private long bytes;
    private boolean sent;

    Outbox(Session session, Sender sender) {
        this.session = session;
        this.sender = sender;
    }

    Session session() {
        return session;
    }

    void add(Batch batch) {
        if (!batches.isEmpty() && bytes + batch.sizeInBytes > FRAME_BYTES) {
            send();
        }
        batches.add(batch);
        bytes += batch.sizeInBytes;
    }

    /** Sends what is packed, and flushes if anything was sent at all. */
    void finish() {
        send();
        if (sent) {
            sent = false;
            session.flush();
        }
    }

    private void send() {
        if (batches.isEmpty()) {
            return;
        }
        List<Batch> frame = batches;
        batches = new ArrayList<>();
        bytes = 0;
        sent = true;
        Produce.Builder produce = Produce.newBuilder();
        List<ByteBuf> attachments = new ArrayList<>(frame.size());
        for (Batch batch : frame) {
            produce.addBatches(ProduceBatch.newBuilder()
                    .setPartitionId(batch.queue.partitionId)
                    .setBytes(batch.sizeInBytes)
                    .setReservedHeaders(batch.reservedHeaders));
            attachments.add(batch.share());
        }
        session.sendOnce(FrameType.PRODUCE, produce.build(), attachments, sender.answersTo(session, frame));
    }
}
