package io.headwater.broker.partition;

import io.headwater.broker.queue.QueueEngine;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/**
 * The payload of a CHECKPOINT entry: everything that a partition derives from its entries, so that any suffix of its
 * segments is enough to rebuild it. Numbers are unsigned LEB128 varints unless a type stands beside them.
 *
 * <pre>
 * version u8 = 4
 * forgotten  i64, no producer with a higher id was forgotten; -1: none was
 * producers  count, then each: id i64 | epoch i16 | batches | first sequence | first offset | first time
 *            then each batch: records, and from the second on: offset step, time step, from the batch before
 * internal   count, then each, of a producer of the broker's own: id i64 | number of its last batch | offset | time
 * positions  count, then each: group i32 | offset i64 | committed i64, ms
 * queues     count, then each: group i32 | bytes | a snapshot of so many bytes ({@code queue.SnapshotCodec})
 * </pre>
 *
 * The sequences of a window follow one another, so that the first and the record counts say all of them. All lists are by
 * rising id: equal states make equal bytes.
 */
final class CheckpointCodec {
    static final int VERSION = 4;
    private static final int MAX_VARINT = 10;

    private CheckpointCodec() {}

    static ByteBuffer encode(ProducerTable producers, PositionTable positions, Collection<QueueEngine> queues) {
        List<ProducerWindow> windows = producers.all();
        List<ProducerTable.LastBatch> internal = producers.internal();
        List<PositionTable.Place> places = positions.kept();
        int bound = 9 + 4 * MAX_VARINT + places.size() * 20 + internal.size() * (Long.BYTES + 3 * MAX_VARINT);
        List<QueueEngine> engines = new ArrayList<>(queues);
        engines.sort(Comparator.comparingInt(QueueEngine::groupId));
        List<ByteBuffer> snapshots = new ArrayList<>();
        for (QueueEngine engine : engines) {
            ByteBuffer snapshot = engine.snapshot();
            snapshots.add(snapshot);
            bound += Integer.BYTES + MAX_VARINT + snapshot.remaining();
        }
        for (ProducerWindow window : windows) {
            bound += 10 + 4 * MAX_VARINT + window.size() * 3 * MAX_VARINT;
        }
        ByteBuffer out = ByteBuffer.allocate(bound);
        out.put((byte) VERSION).putLong(producers.forgottenUpTo());
        putVarint(out, windows.size());
        for (ProducerWindow window : windows) {
            encode(out, window);
        }
        putVarint(out, internal.size());
        for (ProducerTable.LastBatch last : internal) {
            out.putLong(last.producerId());
            putVarint(out, last.number());
            putVarint(out, last.offset());
            putVarint(out, last.timeMs());
        }
        putVarint(out, places.size());
        for (PositionTable.Place place : places) {
            out.putInt(place.groupId).putLong(place.offset).putLong(place.committedMs);
        }
        putVarint(out, snapshots.size());
        Iterator<ByteBuffer> next = snapshots.iterator();
        for (QueueEngine engine : engines) {
            ByteBuffer snapshot = next.next();
            out.putInt(engine.groupId());
            putVarint(out, snapshot.remaining());
            out.put(snapshot);
        }
        return out.flip();
    }

    private static void encode(ByteBuffer out, ProducerWindow window) {
        out.putLong(window.producerId).putShort(window.epoch());
        putVarint(out, window.size());
        putVarint(out, window.sequence(0));
        putVarint(out, window.offset(0));
        putVarint(out, window.timeMs(0));
        for (int place = 0; place < window.size(); place++) {
            putVarint(out, window.count(place));
            if (place > 0) {
                putVarint(out, window.offset(place) - window.offset(place - 1));
                putVarint(out, window.timeMs(place) - window.timeMs(place - 1));
            }
        }
    }

    /** Replaces what both hold. Borrows the payload, position to limit, whose checksum has been verified. */
    static void decode(ByteBuffer in, ProducerTable producers, PositionTable positions, Replay.Groups queues) {
        int version = in.get();
        if (version != VERSION) {
            throw new UnknownFormatException("checkpoint: version " + version + " (expected: " + VERSION + ")");
        }
        producers.reset(in.getLong());
        positions.clear();
        long windows = getVarint(in);
        for (long i = 0; i < windows; i++) {
            decodeWindow(in, producers);
        }
        long internal = getVarint(in);
        for (long i = 0; i < internal; i++) {
            long producerId = in.getLong();
            long number = getVarint(in);
            long offset = getVarint(in);
            producers.noted(
                    producerId,
                    InternalProducer.epochOf(number),
                    InternalProducer.sequenceOf(number),
                    0,
                    offset,
                    getVarint(in));
        }
        long places = getVarint(in);
        for (long i = 0; i < places; i++) {
            int groupId = in.getInt();
            long offset = in.getLong();
            long committedMs = in.getLong();
            if (offset >= 0) { // earlier brokers wrote those that were forgotten, too
                positions.apply(new GroupOp(GroupOp.Kind.SEEK, groupId, offset, committedMs));
            }
        }
        long snapshots = getVarint(in);
        for (long i = 0; i < snapshots; i++) {
            int groupId = in.getInt();
            int bytes = (int) getVarint(in);
            queues.restore(groupId, in.slice(in.position(), bytes));
            in.position(in.position() + bytes);
        }
    }

    private static void decodeWindow(ByteBuffer in, ProducerTable producers) {
        long producerId = in.getLong();
        short epoch = in.getShort();
        long size = getVarint(in);
        int sequence = (int) getVarint(in);
        long offset = getVarint(in);
        long timeMs = getVarint(in);
        for (long place = 0; place < size; place++) {
            int records = (int) getVarint(in);
            if (place > 0) {
                offset += getVarint(in);
                timeMs += getVarint(in);
            }
            producers.noted(producerId, epoch, sequence, records, offset, timeMs);
            sequence = ProducerWindow.after(sequence, records);
        }
    }

    private static void putVarint(ByteBuffer out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.put((byte) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    private static long getVarint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = in.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalStateException("checkpoint: a number of more than 64 bits");
    }
}
