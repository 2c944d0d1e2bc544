package io.headwater.client;

import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.FindOffset;

/** A position in the protocol's words. */
final class Anchors {
    private Anchors() {}

    /**
     * Where that is in a partition.
     *
     * @param localEnds an end that its leader believes in is enough
     */
    static FindOffset find(long partitionId, Position position, boolean localEnds) {
        return FindOffset.newBuilder()
                .setPartitionId(partitionId)
                .setAnchor(of(position))
                .setValue(position.value())
                // Where a partition begins can be found though nobody can say where it ends.
                .setLocal(localEnds || position.kind() == Position.Kind.BEGINNING)
                .build();
    }

    static Anchor of(Position position) {
        return switch (position.kind()) {
            case BEGINNING -> Anchor.ANCHOR_BEGINNING;
            case END -> Anchor.ANCHOR_END;
            case OFFSET -> Anchor.ANCHOR_OFFSET;
            case INGESTION_TIME -> Anchor.ANCHOR_INGESTION_TIME;
            case EVENT_TIME -> Anchor.ANCHOR_EVENT_TIME;
        };
    }
}
