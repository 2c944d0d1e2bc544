package io.headwater.client;

/** What an acknowledgement means. */
public enum AckLevel {
    /** Synced to disk, by a majority of the replicas. */
    PERSISTED,
    /**
     * Written by a majority of the replicas, and synced a little later: any of their processes may die, and a minority of their
     * machines lose power. With one replica as {@link #MEMORY}.
     */
    REPLICATED,
    /** Written by the broker that leads: a power loss may take it, and so may another one that leads. */
    MEMORY;

    static AckLevel of(io.headwater.protocol.wire.AckLevel wire) {
        return switch (wire) {
            case ACK_MEMORY -> MEMORY;
            case ACK_REPLICATED -> REPLICATED;
            default -> PERSISTED;
        };
    }

    io.headwater.protocol.wire.AckLevel wire() {
        return switch (this) {
            case PERSISTED -> io.headwater.protocol.wire.AckLevel.ACK_PERSISTED;
            case REPLICATED -> io.headwater.protocol.wire.AckLevel.ACK_REPLICATED;
            case MEMORY -> io.headwater.protocol.wire.AckLevel.ACK_MEMORY;
        };
    }
}
