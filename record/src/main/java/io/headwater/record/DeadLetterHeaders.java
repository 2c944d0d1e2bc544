package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The headers that the copy of a dead record has beyond those of the record. Values are text; numbers are decimal. */
public final class DeadLetterHeaders {
    /** What all of them begin with. */
    public static final String PREFIX = "hw-dead-";

    /** Where it died, as {@link #origin} writes it. May stand several times: the last is the latest. */
    public static final String ORIGIN = PREFIX + "origin";

    public static final String TOPIC = PREFIX + "topic";
    public static final String PARTITION = PREFIX + "partition";
    public static final String OFFSET = PREFIX + "offset";
    public static final String GROUP = PREFIX + "group";
    public static final String DELIVERIES = PREFIX + "deliveries";
    public static final String FAILURES = PREFIX + "failures";
    public static final String CAUSE = PREFIX + "cause";
    /** What the consumer said of its last failure; missing where it said nothing. */
    public static final String REASON = PREFIX + "reason";

    /** Epoch ms. */
    public static final String INGESTED_AT = PREFIX + "ingested-at";

    /** Epoch ms. */
    public static final String DIED_AT = PREFIX + "at";

    private static final String DELIVER_AT = "hw-deliver-at";
    private static final String PRIORITY = "hw-priority";
    private static final String MESSAGE_ID = "hw-message-id";

    private DeadLetterHeaders() {}

    /** A record's place, as the value of {@link #ORIGIN}. */
    public static String origin(String topic, int partition, long offset) {
        return topic + "/" + partition + ":" + offset;
    }

    /** The topic of a place as {@link #origin} writes it; empty: it is none. */
    public static String topicOf(String origin) {
        return origin.substring(0, Math.max(0, origin.lastIndexOf('/')));
    }

    /**
     * The name under which a record's own header stands in its copy. What its producer asked for is kept under another
     * name: it holds for the record, not for the copy. Null: it tells of an earlier death, and goes.
     */
    public static @Nullable String nameInCopy(String name) {
        if (name.equals(DELIVER_AT)) {
            return PREFIX + "deliver-at";
        }
        if (name.equals(PRIORITY)) {
            return PREFIX + "priority";
        }
        if (name.equals(MESSAGE_ID)) {
            return PREFIX + "message-id";
        }
        return name.startsWith(PREFIX) && !name.equals(ORIGIN) ? null : name;
    }

    /**
     * The reverse of {@link #nameInCopy}: the name under which a header of the copy stood in the record that died. Null: it
     * tells of the death, and goes.
     */
    public static @Nullable String nameInRecord(String name) {
        if (name.equals(nameInCopy(DELIVER_AT))) {
            return DELIVER_AT;
        }
        if (name.equals(nameInCopy(PRIORITY))) {
            return PRIORITY;
        }
        if (name.equals(nameInCopy(MESSAGE_ID))) {
            return MESSAGE_ID;
        }
        return name.startsWith(PREFIX) ? null : name;
    }

    /** Keeps all but the copies of the record at a place, of whichever death of it. */
    public static RecordFilter withoutOrigin(String origin) {
        ByteBuffer erased = ByteBuffer.wrap(origin.getBytes(StandardCharsets.UTF_8));
        return (RecordFilter.LooksInside) record -> record.headerCount() == 0 || !cameFrom(record.headers(), erased);
    }

    private static boolean cameFrom(List<RecordHeader> headers, ByteBuffer origin) {
        for (RecordHeader header : headers) {
            byte[] value = header.value();
            if (value != null && header.name().equals(ORIGIN) && origin.equals(ByteBuffer.wrap(value))) {
                return true;
            }
        }
        return false;
    }
}
