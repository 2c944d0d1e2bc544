package io.headwater.client;

import java.nio.ByteBuffer;
import java.util.Base64;

/** Names one lease of one record: no other, before or after, has the same. Opaque to users as text. */
record LeaseToken(long partitionId, int groupId, long offset, int attempt) {
    private static final int SIZE = 2 * Long.BYTES + 2 * Integer.BYTES;

    String text() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE)
                .putLong(partitionId)
                .putInt(groupId)
                .putLong(offset)
                .putInt(attempt);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    static LeaseToken parse(String text) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw malformed(text);
        }
        if (bytes.length != SIZE) {
            throw malformed(text);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new LeaseToken(buffer.getLong(), buffer.getInt(), buffer.getLong(), buffer.getInt());
    }

    private static HeadwaterException malformed(String text) {
        String shown = text.length() > 2 * SIZE ? text.substring(0, 2 * SIZE) + "…" : text;
        return new HeadwaterException.Rejected(
                "INVALID_REQUEST", "token: '" + shown + "' (expected: the token of a record that was received)");
    }

    @Override
    public String toString() {
        return "offset " + offset + " of partition " + partitionId + ", delivery " + attempt;
    }
}
