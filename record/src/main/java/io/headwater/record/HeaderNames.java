package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Header names as UTF-8. Names are ASCII as a rule, and those are sized and written without garbage. */
final class HeaderNames {
    private HeaderNames() {}

    static int sizeOf(String name) {
        return isAscii(name) ? name.length() : name.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Returns the position behind what was written. */
    static int put(ByteBuffer to, int at, String name) {
        if (!isAscii(name)) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            to.put(at, bytes);
            return at + bytes.length;
        }
        for (int i = 0; i < name.length(); i++) {
            to.put(at + i, (byte) name.charAt(i));
        }
        return at + name.length();
    }

    private static boolean isAscii(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
