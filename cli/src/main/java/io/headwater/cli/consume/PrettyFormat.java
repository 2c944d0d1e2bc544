package io.headwater.cli.consume;

import io.headwater.cli.shell.Output;
import io.headwater.cli.text.Human;
import io.headwater.client.ConsumedRecord;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Two lines for a person: where and when, then the value. Control characters cannot reach the terminal. */
final class PrettyFormat implements RecordFormat {
    private static final int SHOWN_BINARY_BYTES = 32;
    private final Output out;

    PrettyFormat(Output out) {
        this.out = out;
    }

    @Override
    public void write(ConsumedRecord record) {
        StringBuilder head = new StringBuilder()
                .append(record.topic())
                .append('/')
                .append(record.partition())
                .append(" @")
                .append(record.offset())
                .append("  ")
                .append(Human.timeMs(record.eventTimeMs()));
        long delayMs = record.ingestionTimeMs() - record.eventTimeMs();
        if (delayMs != 0) {
            head.append(delayMs > 0 ? "  +" : "  ").append(Human.duration(delayMs));
        }
        if (record.key() != null) {
            head.append("  key ").append(shown(record.key()));
        }
        for (RecordHeader header : record.headers()) {
            head.append("  ").append(escaped(header.name())).append('=').append(shown(header.value()));
        }
        out.line(head.toString());
        out.line("  " + shown(record.value()));
    }

    private static String shown(byte @Nullable [] bytes) {
        if (bytes == null) {
            return "(none)";
        }
        if (Utf8.isValid(bytes)) {
            return escaped(new String(bytes, StandardCharsets.UTF_8));
        }
        StringBuilder hex = new StringBuilder("0x");
        for (int i = 0; i < Math.min(bytes.length, SHOWN_BINARY_BYTES); i++) {
            hex.append(Character.forDigit((bytes[i] >> 4) & 0xf, 16)).append(Character.forDigit(bytes[i] & 0xf, 16));
        }
        return bytes.length <= SHOWN_BINARY_BYTES
                ? hex.toString()
                : hex + "... (" + Human.count(bytes.length, "byte") + ")";
    }

    private static String escaped(String text) {
        if (text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        StringBuilder safe = new StringBuilder();
        text.chars().forEach(c -> {
            if (c == '\t') {
                safe.append("\\t");
            } else if (Character.isISOControl(c)) {
                safe.append(String.format("\\u%04x", c));
            } else {
                safe.append((char) c);
            }
        });
        return safe.toString();
    }
}
