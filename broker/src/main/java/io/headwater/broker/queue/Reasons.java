package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What consumers said about the last failure of each record that has a slot. Many records fail for one reason: a text is
 * kept once, for as long as some record has it. Takes nothing while nobody gives a reason.
 */
final class Reasons {
    /** Of a text in UTF-8; what is longer is cut. */
    static final int MAX_BYTES = 256;

    static final int MAX_ENCODED_BYTES = Varints.MAX_BYTES + MAX_BYTES;
    /** Stands for those for which there is no room. */
    static final String TOO_MANY = "(not kept: too many different reasons at once)";

    private static final int REFERENCE_BYTES = 4;
    /** Of a text, beside two bytes a character: its objects, and its place in the map. */
    private static final int TEXT_BYTES = 128;

    /** A text, and how many records have it. */
    private static final class Text {
        final String text;
        int records;

        Text(String text) {
            this.text = text;
        }
    }

    private Map<String, Text> texts = new HashMap<>();
    private @Nullable Text[] bySlot = {};
    private long textBytes;

    /** What of a reason is kept, if there is room: at most so many bytes, whole characters. */
    static String cut(String reason) {
        byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_BYTES) {
            return reason;
        }
        int length = MAX_BYTES;
        while ((bytes[length] & 0xC0) == 0x80) {
            length--;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** Writes a text, behind the count of its bytes. */
    static void put(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Varints.put(out, bytes.length);
        out.put(bytes);
    }

    static String get(ByteBuffer in) {
        long length = Varints.get(in);
        if (length < 0 || length > MAX_BYTES) {
            throw new QueueFormatException("reason: " + length + " bytes (expected: at most " + MAX_BYTES + ")");
        }
        byte[] bytes = new byte[(int) length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** What a text would take; 0: it is kept already. */
    long bytesFor(String text) {
        return text.isEmpty() || texts.containsKey(text) ? 0 : size(text);
    }

    /** What all texts take. */
    long textBytes() {
        return textBytes;
    }

    private static long size(String text) {
        return TEXT_BYTES + 2L * text.length();
    }

    /** Empty: none is known. */
    String of(int slot) {
        Text text = slot < bySlot.length ? bySlot[slot] : null;
        return text == null ? "" : text.text;
    }

    /**
     * Replaces what is known of a record.
     *
     * @param slots how many slots there may be
     */
    void set(int slot, String reason, int slots) {
        Text before = slot < bySlot.length ? bySlot[slot] : null;
        if (before != null) {
            bySlot[slot] = null;
            before.records--;
            if (before.records == 0) {
                texts.remove(before.text);
                textBytes -= size(before.text);
            }
        }
        if (reason.isEmpty()) {
            return;
        }
        if (slot >= bySlot.length) {
            bySlot = Arrays.copyOf(bySlot, slots);
        }
        Text text = texts.get(reason);
        if (text == null) {
            text = new Text(reason);
            texts.put(reason, text);
            textBytes += size(reason);
        }
        text.records++;
        bySlot[slot] = text;
    }

    /**
     * Slots have other numbers now.
     *
     * @param slots how many there may be
     */
    void renumbered(int[] numbers, int slots) {
        texts = new HashMap<>(texts);
        Text[] moved = new Text[texts.isEmpty() ? 0 : slots];
        for (int slot = 0; slot < Math.min(bySlot.length, numbers.length) && moved.length > 0; slot++) {
            if (numbers[slot] != SlotTable.ABSENT) {
                moved[numbers[slot]] = bySlot[slot];
            }
        }
        bySlot = moved;
    }

    /** Heap in use, roughly. */
    long bytes() {
        return (long) bySlot.length * REFERENCE_BYTES + textBytes;
    }
}
