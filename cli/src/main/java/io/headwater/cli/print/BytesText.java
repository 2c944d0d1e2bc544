package io.headwater.cli.print;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Bytes that may be text: keys, values, headers. */
public final class BytesText {
    private static final int SHOWN_BINARY_BYTES = 32;

    private BytesText() {}

    /** Whether they can be shown as text without losing any. */
    public static boolean isUtf8(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return decodes(bytes);
            }
        }
        return true;
    }

    private static boolean decodes(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** As a JSON value: a string, {@code {"base64": "…"}} where they are not UTF-8, or null where there are none. */
    static void json(byte @Nullable [] bytes, JsonGenerator json) throws IOException {
        if (bytes == null) {
            json.writeNull();
        } else if (isUtf8(bytes)) {
            json.writeUTF8String(bytes, 0, bytes.length);
        } else {
            json.writeStartObject();
            json.writeBinaryField("base64", bytes);
            json.writeEndObject();
        }
    }

    /** For a person. Control characters cannot reach the terminal. */
    public static String shown(byte @Nullable [] bytes) {
        if (bytes == null) {
            return "(none)";
        }
        if (isUtf8(bytes)) {
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

    /** Text with its control characters written out. */
    public static String escaped(String text) {
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
