package io.headwater.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Hello;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ProtocolTest {
    private static final Path PAGE = Path.of("..", "docs", "protocol.md");

    private static Hello hello(int min, int max) {
        return Hello.newBuilder().setMinVersion(min).setMaxVersion(max).build();
    }

    @Test
    void agreesOnTheNewestCommonVersion() {
        assertEquals(1, ProtocolVersion.negotiate(hello(1, 1)));
        assertEquals(1, ProtocolVersion.negotiate(hello(1, 9)));
        assertEquals(ProtocolVersion.NONE, ProtocolVersion.negotiate(hello(2, 9)));
        assertEquals(ProtocolVersion.NONE, ProtocolVersion.negotiate(hello(0, 0)));
        assertEquals(ProtocolVersion.NONE, ProtocolVersion.negotiate(hello(3, 1)));
    }

    @Test
    void givesEachTypeAnIdOfItsOwn() {
        Set<Integer> ids = new HashSet<>();
        for (FrameType type : FrameType.values()) {
            assertTrue(ids.add(type.id()), type + " shares its id");
            assertEquals(type, FrameType.byId(type.id()));
        }
    }

    @Test
    void documentsEveryErrorAsItIs() throws IOException {
        String page = Files.readString(PAGE);
        for (ErrorCode code : ErrorCode.values()) {
            if (code == ErrorCode.ERROR_NONE || code == ErrorCode.UNRECOGNIZED) {
                continue;
            }
            String row = "| " + code.getNumber() + " | `" + Errors.name(code) + "` | "
                    + (Errors.isUnknownOutcome(code) ? "unknown" : "definite") + " | "
                    + (Errors.isRetriable(code) ? "yes" : "no") + " |";
            assertTrue(page.contains(row), "docs/protocol.md misses: " + row);
        }
    }

    @Test
    void documentsEveryFrameType() throws IOException {
        String page = Files.readString(PAGE);
        for (FrameType type : FrameType.values()) {
            assertTrue(page.contains("| " + type.id() + " | `" + type + "` |"), "docs/protocol.md misses " + type);
        }
    }

    @Test
    void letsASpecialCaseDifferFromTheDefaults() {
        assertFalse(Errors.of(ErrorCode.ERROR_PARTITION_OFFLINE, "x").getUnknownOutcome());
        assertTrue(Errors.unknownOutcome(ErrorCode.ERROR_PARTITION_OFFLINE, "x").getUnknownOutcome());
        assertEquals(20, Errors.retryAfter(ErrorCode.ERROR_OVERLOADED, "x", 20).getRetryAfterMs());
    }
}
