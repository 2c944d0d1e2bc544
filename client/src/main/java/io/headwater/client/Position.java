package io.headwater.client;

import java.time.Instant;

/** A place in a partition: where reading starts, or where it ends (exclusive). */
public record Position(Kind kind, long value) {
    /** How {@link #value} is meant. */
    public enum Kind {
        BEGINNING,
        END,
        OFFSET,
        INGESTION_TIME,
        EVENT_TIME
    }

    public static Position beginning() {
        return new Position(Kind.BEGINNING, 0);
    }

    /** As a start: only what comes later. As an end: the end as seen when reading starts. */
    public static Position end() {
        return new Position(Kind.END, 0);
    }

    public static Position offset(long offset) {
        return new Position(Kind.OFFSET, offset);
    }

    /** The first record that the broker took in at or after this time. */
    public static Position ingestedAt(Instant time) {
        return new Position(Kind.INGESTION_TIME, time.toEpochMilli());
    }

    /** Event time: with it, reading is a filter in log order, and late records are included. */
    public static Position eventAt(Instant time) {
        return new Position(Kind.EVENT_TIME, time.toEpochMilli());
    }
}
