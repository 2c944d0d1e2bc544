package io.headwater.client;

import io.headwater.protocol.wire.Anchor;

/** A position in the protocol's words. */
final class Anchors {
    private Anchors() {}

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
