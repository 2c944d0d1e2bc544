package io.headwater.broker.partition;

import io.headwater.record.Envelope;
import java.nio.ByteBuffer;

/** How the entries of a log become what is derived from them: for a partition that is opened, and for an audit. */
final class Replay {
    private static final short NO_PRODUCER = -1;

    /** The queue groups, or those that are of interest. */
    interface Groups {
        /** A checkpoint holds a group. Reads the snapshot to its limit. */
        void restore(int groupId, ByteBuffer snapshot);

        /** The operations of an entry. */
        void replayed(ByteBuffer operations);

        /** What was announced from this offset on never comes. */
        void retract(long endOffset);
    }

    private final ProducerTable producers;
    private final PositionTable positions;
    private final Groups groups;

    Replay(ProducerTable producers, PositionTable positions, Groups groups) {
        this.producers = producers;
        this.positions = positions;
        this.groups = groups;
    }

    /**
     * The next entry.
     *
     * @param payload borrowed: of a DATA entry its batch header
     */
    void entry(Envelope envelope, ByteBuffer payload) {
        switch (envelope.kind()) {
            case DATA -> data(envelope, payload);
            case GROUP_OPS -> GroupOp.decode(payload, positions::apply);
            case CHECKPOINT -> CheckpointCodec.decode(payload, producers, positions, groups);
            case QUEUE_OPS -> groups.replayed(payload);
            // What the epoch before announced and did not write never comes.
            case EPOCH_START -> groups.retract(envelope.baseOffset());
            case ROLL, CONFIG_MARK, LOSS_MARKER -> {}
        }
    }

    private void data(Envelope envelope, ByteBuffer header) {
        ProducerFields fields = ProducerFields.of(header);
        if (fields.producerId() != NO_PRODUCER) {
            producers.noted(
                    fields.producerId(),
                    fields.epoch(),
                    fields.baseSequence(),
                    envelope.recordCount(),
                    envelope.baseOffset(),
                    envelope.ingestionTimeMs());
        }
    }
}
