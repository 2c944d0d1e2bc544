package io.headwater.record;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A record as a plain value: the model that batches are compared with. */
@SuppressWarnings("ArrayRecordComponent")
record TestRecord(long eventTimeMs, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {

    static TestRecord of(long eventTimeMs, @Nullable String key, @Nullable String value) {
        return new TestRecord(
                eventTimeMs,
                key == null ? null : key.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                value == null ? null : value.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                List.of());
    }

    /** Any record: absent, empty and large fields, any headers, times near a common one or anywhere. */
    static TestRecord random(SplittableRandom random) {
        return new TestRecord(randomTime(random), randomBytes(random), randomBytes(random), randomHeaders(random));
    }

    static List<TestRecord> randomList(SplittableRandom random, int maxCount) {
        List<TestRecord> records = new ArrayList<>();
        int count = 1 + random.nextInt(maxCount);
        for (int i = 0; i < count; i++) {
            records.add(random(random));
        }
        return records;
    }

    private static long randomTime(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextLong(-1_000, 1_000);
            case 2 -> Long.MIN_VALUE >> random.nextInt(64);
            default -> 1_700_000_000_000L + random.nextInt(100_000);
        };
    }

    private static byte @Nullable [] randomBytes(SplittableRandom random) {
        int length = switch (random.nextInt(8)) {
            case 0 -> -1;
            case 1 -> 0;
            case 2 -> 63 + random.nextInt(3);
            case 3 -> random.nextInt(20_000);
            default -> random.nextInt(100);
        };
        if (length < 0) {
            return null;
        }
        byte[] bytes = new byte[length];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        } else {
            Arrays.fill(bytes, (byte) random.nextInt());
        }
        return bytes;
    }

    private static List<RecordHeader> randomHeaders(SplittableRandom random) {
        if (random.nextInt(3) > 0) {
            return List.of();
        }
        List<RecordHeader> headers = new ArrayList<>();
        int count = random.nextInt(random.nextInt(20) == 0 ? 200 : 4);
        for (int i = 0; i < count; i++) {
            String name = switch (random.nextInt(4)) {
                case 0 -> "";
                case 1 -> "größe-\u6c34-\ud83c\udf0a" + i;
                default -> "name-" + i;
            };
            headers.add(new RecordHeader(name, randomBytes(random)));
        }
        return headers;
    }

    static TestRecord copyOf(RecordCursor cursor) {
        return new TestRecord(cursor.eventTimeMs(), cursor.key(), cursor.value(), cursor.headers());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TestRecord that
                && eventTimeMs == that.eventTimeMs
                && Arrays.equals(key, that.key)
                && Arrays.equals(value, that.value)
                && headers.size() == that.headers.size()
                && sameHeaders(that.headers);
    }

    private boolean sameHeaders(List<RecordHeader> others) {
        for (int i = 0; i < headers.size(); i++) {
            if (!headers.get(i).name().equals(others.get(i).name())
                    || !Arrays.equals(headers.get(i).value(), others.get(i).value())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(eventTimeMs) + 31 * Arrays.hashCode(key) + 17 * Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return "TestRecord[" + eventTimeMs + ", key " + (key == null ? "null" : key.length + " B") + ", value "
                + (value == null ? "null" : value.length + " B") + ", " + headers.size() + " headers]";
    }
}
