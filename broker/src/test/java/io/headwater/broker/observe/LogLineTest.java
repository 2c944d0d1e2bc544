package io.headwater.broker.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import io.headwater.broker.config.BrokerConfig;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LogLineTest {
    private static String line(BrokerConfig.Log.Format format, String message, Throwable... failure) {
        LoggingEvent event = new LoggingEvent(
                "x",
                new LoggerContext().getLogger("io.headwater.Test"),
                Level.WARN,
                message,
                failure.length == 0 ? null : failure[0],
                null);
        event.setThreadName("main");
        event.setInstant(Instant.ofEpochMilli(1_700_000_000_000L));
        return new LogLine(format).doLayout(event);
    }

    @Test
    void startsWithTimeLevelAndSubject() {
        assertEquals(
                "2023-11-14T22:13:20.000Z WARN  topic a: deleted\n",
                line(BrokerConfig.Log.Format.TEXT, "topic a: deleted"));
    }

    @Test
    void letsNoUserByteBreakALineOrColourATerminal() {
        String hostile = "name \u001b[31m\r\n2023 ERROR forged \u2028 \u0085 \u0000 \"quoted\\\"";
        for (BrokerConfig.Log.Format format : BrokerConfig.Log.Format.values()) {
            String line = line(format, hostile);
            assertEquals(1, line.lines().count(), line);
            assertTrue(line.endsWith("\n"));
            assertFalse(line.chars().limit(line.length() - 1).anyMatch(Character::isISOControl), line);
        }
    }

    @Test
    void isAJsonObjectWhereAskedFor() {
        assertEquals(
                "{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"WARN\",\"thread\":\"main\","
                        + "\"logger\":\"io.headwater.Test\",\"message\":\"a \\\"b\\\" \\\\ \\u000a\"}\n",
                line(BrokerConfig.Log.Format.JSON, "a \"b\" \\ \n"));
    }

    @Test
    void keepsAStackTraceInOneJsonFieldAndIndentedInText() {
        Throwable failure = new IllegalStateException("boom\nsecond");
        String json = line(BrokerConfig.Log.Format.JSON, "x", failure);
        assertEquals(1, json.lines().count());
        assertTrue(json.contains("\"error\":\"java.lang.IllegalStateException: boom\\u000asecond"), json);
        String text = line(BrokerConfig.Log.Format.TEXT, "x", failure);
        assertTrue(text.lines().skip(1).allMatch(frame -> frame.startsWith("    ")), text);
    }
}
