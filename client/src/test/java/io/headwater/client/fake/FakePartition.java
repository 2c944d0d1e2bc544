package io.headwater.client.fake;

import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One partition: its entries, and what each producer has stored. */
public final class FakePartition {
    private static final int WINDOW = 64;

    /** An entry as on disk. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Entry(
            long baseOffset,
            int records,
            long ingestionMs,
            long minEventMs,
            long maxEventMs,
            byte[] bytes,
            long producerId,
            int sequence) {
        long endOffset() {
            return baseOffset + records;
        }
    }

    /** What is remembered of a producer. */
    private static final class Known {
        short epoch = -1;
        final List<Stored> window = new ArrayList<>();
    }

    private record Stored(int sequence, int records, long baseOffset, long ingestionMs) {}

    public final long id;
    public final String topic;
    public final int index;
    public final List<Entry> entries = new ArrayList<>();
    public final Map<String, Long> positions = new HashMap<>();
    public long startOffset;
    private final Map<Long, Known> producers = new HashMap<>();
    private long forgottenUpTo = -1;

    FakePartition(long id, String topic, int index) {
        this.id = id;
        this.topic = topic;
        this.index = index;
    }

    public long endOffset() {
        return entries.isEmpty() ? startOffset : entries.get(entries.size() - 1).endOffset();
    }

    /** Another one with the same in it. */
    FakePartition copy() {
        FakePartition copy = new FakePartition(id, topic, index);
        copy.replay(entries);
        return copy;
    }

    /** As if what follows that many entries had never come. */
    void truncate(int count) {
        List<Entry> left = List.copyOf(entries.subList(0, count));
        entries.clear();
        producers.clear();
        replay(left);
    }

    private void replay(List<Entry> from) {
        try {
            for (Entry entry : from) {
                RecordBatch batch = new RecordBatch().wrap(ByteBuffer.wrap(entry.bytes()), Envelope.SIZE);
                Known known = producers.computeIfAbsent(batch.producerId(), unused -> new Known());
                if (known.epoch != batch.producerEpoch()) {
                    known.epoch = batch.producerEpoch();
                    known.window.clear();
                }
                known.window.add(
                        new Stored(batch.baseSequence(), entry.records(), entry.baseOffset(), entry.ingestionMs()));
                if (known.window.size() > WINDOW) {
                    known.window.remove(0);
                }
                entries.add(entry);
            }
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    /** All producers make room for others, as it were. */
    public void forgetProducers() {
        producers.keySet().forEach(producer -> forgottenUpTo = Math.max(forgottenUpTo, producer));
        producers.clear();
    }

    ProduceResult append(byte[] bytes, long nowMs) {
        try {
            RecordBatch batch = new RecordBatch().wrap(ByteBuffer.wrap(bytes), 0);
            batch.validate();
            Known known = producers.getOrDefault(batch.producerId(), new Known());
            boolean same = known.epoch == batch.producerEpoch();
            for (Stored stored : known.window) {
                if (same && stored.sequence == batch.baseSequence() && stored.records == batch.recordCount()) {
                    return acknowledged(stored.baseOffset, stored.ingestionMs, true);
                }
            }
            Error refused = refusal(known, batch);
            if (refused != null) {
                return ProduceResult.newBuilder().setError(refused).build();
            }
            if (!same) {
                known.epoch = batch.producerEpoch();
                known.window.clear();
            }
            producers.put(batch.producerId(), known);
            List<Stored> window = known.window;
            long offset = endOffset();
            window.add(new Stored(batch.baseSequence(), batch.recordCount(), offset, nowMs));
            if (window.size() > WINDOW) {
                window.remove(0);
            }
            entries.add(entry(batch, offset, nowMs));
            return acknowledged(offset, nowMs, false);
        } catch (InvalidBatchException e) {
            return ProduceResult.newBuilder()
                    .setError(Errors.of(ErrorCode.ERROR_CORRUPT_BATCH, String.valueOf(e.getMessage())))
                    .build();
        }
    }

    private @Nullable Error refusal(Known known, RecordBatch batch) {
        int sequence = batch.baseSequence();
        if (known.epoch == -1 && batch.producerId() <= forgottenUpTo) {
            return Errors.unknownOutcome(ErrorCode.ERROR_UNKNOWN_PRODUCER, "forgotten");
        }
        if (batch.producerEpoch() < known.epoch) {
            return Errors.of(ErrorCode.ERROR_PRODUCER_FENCED, "epoch " + batch.producerEpoch());
        }
        int next = 0;
        if (batch.producerEpoch() == known.epoch) {
            Stored last = known.window.get(known.window.size() - 1);
            next = last.sequence + last.records;
        }
        if (sequence == next) {
            return null;
        }
        return sequence > next
                ? Errors.of(ErrorCode.ERROR_OUT_OF_ORDER_SEQUENCE, "sequence " + sequence + " (expected: " + next + ")")
                : Errors.unknownOutcome(ErrorCode.ERROR_UNKNOWN_PRODUCER, "outside the window");
    }

    private Entry entry(RecordBatch batch, long offset, long nowMs) throws InvalidBatchException {
        batch.stamp(offset, 1);
        EventTimes times = batch.eventTimes(new EventTimes());
        ByteBuffer entry = ByteBuffer.allocate(Envelope.SIZE + batch.sizeInBytes());
        entry.put(Envelope.SIZE, batch.buffer(), batch.position(), batch.sizeInBytes());
        RecordBatch copy = new RecordBatch().wrap(entry, Envelope.SIZE);
        new Envelope().wrap(entry, 0).encodeData(copy, times, entries.size(), nowMs);
        return new Entry(
                offset,
                batch.recordCount(),
                nowMs,
                times.minMs,
                times.maxMs,
                entry.array(),
                batch.producerId(),
                batch.baseSequence());
    }

    private static ProduceResult acknowledged(long offset, long nowMs, boolean duplicate) {
        return ProduceResult.newBuilder()
                .setBaseOffset(offset)
                .setIngestionTimeMs(nowMs)
                .setDuplicate(duplicate)
                .setLevel(AckLevel.ACK_PERSISTED)
                .build();
    }
}
