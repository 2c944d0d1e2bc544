package io.headwater.broker.stream;

import io.headwater.broker.partition.AppendOutcome;
import io.headwater.broker.partition.Partition;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ProduceResult;

/** Produce, over one partition. */
public final class ProduceHandler {
    private ProduceHandler() {}

    /** Appends a checked batch, or recognises it. Its bytes are borrowed until the partition's flush. */
    public static AppendOutcome append(Partition partition, IncomingBatch incoming, Traffic traffic) {
        long droppedBefore = partition.deduplication().dropped();
        AppendOutcome outcome = partition.append(incoming.batch(), incoming.times(), incoming.wishes());
        if (outcome.error() == null) {
            long dropped = partition.deduplication().dropped() - droppedBefore;
            traffic.duplicateRecords(dropped);
            if (outcome.isDuplicate()) {
                traffic.duplicate();
            } else {
                traffic.received(
                        incoming.batch().recordCount() - dropped,
                        incoming.batch().sizeInBytes());
            }
        }
        return outcome;
    }

    /** The answer to a batch that is in the log; leaves when the level is reached. */
    public static ProduceResult acknowledged(AppendOutcome outcome, AckLevel level) {
        return ProduceResult.newBuilder()
                .setBaseOffset(outcome.baseOffset())
                .setIngestionTimeMs(outcome.ingestionTimeMs())
                .setDuplicate(outcome.isDuplicate())
                .setLevel(level)
                .build();
    }

    public static ProduceResult failed(Error error) {
        return ProduceResult.newBuilder().setError(error).build();
    }
}
