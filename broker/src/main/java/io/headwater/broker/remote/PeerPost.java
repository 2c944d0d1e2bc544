package io.headwater.broker.remote;

import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.peer.ControllerCodec;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.ReplicaCodec;
import io.headwater.broker.peer.wire.PartitionSays;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.Replication;
import io.headwater.broker.peer.wire.ToController;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.shard.ReplicaPost;
import io.headwater.broker.work.LetterBox.Delivery;
import io.headwater.storage.LogStart;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.agrona.collections.Int2ObjectHashMap;

/** Gathers what the replicas of one owner say in a turn: one frame to each node. */
public final class PeerPost implements ReplicaPost {
    /** More leaves at once, so that it is under way while the rest is gathered. */
    private static final int FULL_BYTES = 1 << 20;

    private static final int NOBODY = 0;
    private static final long DELIVERY_MS = 10_000;
    private static final long SEGMENT_MS = 10_000;

    private final Peers peers;
    private final IntSupplier controller;
    private final Int2ObjectHashMap<Parcel> parcels = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<Report> reports = new Int2ObjectHashMap<>();
    /** Of the message that is being added. */
    private final List<ByteBuffer> attached = new ArrayList<>();

    private static final class Parcel {
        final Replication.Builder messages = Replication.newBuilder();
        final List<ByteBuffer> attachment = new ArrayList<>();
        int bytes;
    }

    private static final class Report {
        final ToController.Builder says = ToController.newBuilder();
        int bytes;
    }

    /** @param controller the node of whoever decides for the cluster, as far as known; 0: nobody */
    public PeerPost(Peers peers, IntSupplier controller) {
        this.peers = peers;
        this.controller = controller;
    }

    @Override
    public void send(int node, long partitionId, LogStart start, ReplicaMessage message) {
        var encoded = ReplicaCodec.encode(partitionId, message, start, attached);
        int bytes = encoded.getSerializedSize();
        for (ByteBuffer each : attached) {
            bytes += each.remaining();
        }
        Parcel parcel = parcels.get(node);
        if (parcel != null && parcel.bytes + bytes > FULL_BYTES) {
            send(node, parcel);
            parcel = null;
        }
        if (parcel == null) {
            parcel = new Parcel();
            parcels.put(node, parcel);
        }
        parcel.messages.addMessages(encoded);
        parcel.attachment.addAll(attached);
        parcel.bytes += bytes;
        attached.clear();
        if (parcel.bytes >= FULL_BYTES) {
            parcels.remove(node);
            send(node, parcel);
        }
    }

    private void send(int node, Parcel parcel) {
        peers.send(
                node, PeerMessage.newBuilder().setReplication(parcel.messages).build(), parcel.attachment);
    }

    @Override
    public void answer(int controllerNode, long partitionId, ControllerMessage.SealReport report) {
        report(controllerNode, partitionId, report);
    }

    @Override
    public void tellController(long partitionId, ControllerMessage message) {
        int node = controller.getAsInt();
        if (node != NOBODY) {
            report(node, partitionId, message);
        }
    }

    private void report(int node, long partitionId, ControllerMessage message) {
        PartitionSays encoded = ControllerCodec.encode(partitionId, message);
        Report report = reports.computeIfAbsent(node, each -> new Report());
        report.says.addSays(encoded);
        report.bytes += encoded.getSerializedSize();
        if (report.bytes >= FULL_BYTES) {
            reports.remove(node);
            send(node, report);
        }
    }

    private void send(int node, Report report) {
        peers.send(node, PeerMessage.newBuilder().setToController(report.says).build(), List.of());
    }

    @Override
    public void deliver(int node, long partitionId, ByteBuffer batch, Consumer<Delivery> back) {
        peers.ask(node, Deliveries.question(partitionId), List.of(batch), DELIVERY_MS)
                .whenComplete((answer, failure) -> back.accept(
                        failure == null
                                ? Deliveries.delivery(answer)
                                : Deliveries.unknown("node " + node + ": " + failure.getMessage())));
    }

    @Override
    public void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back) {
        peers.ask(node, Segments.question(question), List.of(), SEGMENT_MS)
                .whenComplete((answer, failure) -> back.accept(
                        failure == null
                                ? Segments.answer(answer)
                                : new SegmentAnswer.Failed(String.valueOf(failure.getMessage()))));
    }

    @Override
    public void flush() {
        if (!parcels.isEmpty()) {
            parcels.forEach((node, parcel) -> send(node, parcel));
            parcels.clear();
        }
        if (!reports.isEmpty()) {
            reports.forEach((node, report) -> send(node, report));
            reports.clear();
        }
    }
}
