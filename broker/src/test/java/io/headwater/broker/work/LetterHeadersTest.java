package io.headwater.broker.work;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.record.DeadLetterHeaders;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LetterHeadersTest {
    private static RecordHeader header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** A record that died twice: each way back undoes one death, and whoever erases by place finds it still. */
    @Test
    void eachWayBackUndoesOneDeath() {
        List<RecordHeader> twice = List.of(
                header("colour", "red"),
                header(DeadLetterHeaders.ORIGIN, "orders/0:5"),
                header(DeadLetterHeaders.ORIGIN, "orders-dead/1:9"),
                header(DeadLetterHeaders.TOPIC, "orders-dead"),
                header(DeadLetterHeaders.CAUSE, "failed"));
        assertEquals("orders-dead", LetterHeaders.topicOf(twice));

        List<RecordHeader> once = LetterHeaders.before(twice);
        assertEquals(
                List.of("colour", DeadLetterHeaders.ORIGIN),
                once.stream().map(RecordHeader::name).toList());
        assertEquals("orders", LetterHeaders.topicOf(once));

        List<RecordHeader> never = LetterHeaders.before(once);
        assertEquals(List.of("colour"), never.stream().map(RecordHeader::name).toList());
        assertEquals("", LetterHeaders.topicOf(never));
    }
}
