package io.headwater.cli.produce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class EventTimeFormatTest {
    @Test
    void aPatternWithoutAZoneMeansUtcAndWithoutATimeMidnight() throws Exception {
        assertEquals(ms("2001-01-01T00:47:00Z"), parse("yyyy/MM/dd HH:mm", "2001/01/01 00:47"));
        assertEquals(ms("2001-01-01T00:00:00Z"), parse("yyyyMMdd", "20010101"));
        assertEquals(ms("2001-01-01T00:47:00Z"), parse("yyyy/MM/dd HH:mm XXX", "2001/01/01 01:47 +01:00"));
        assertEquals(ms("2001-02-03T04:05:06.789Z"), parse("d MMM yyyy HH:mm:ss.SSS", "3 Feb 2001 04:05:06.789"));
    }

    @Test
    void withoutAPatternATimeIsATimeOfTheCommandLine() throws Exception {
        assertEquals(1517365101235L, EventTimeFormat.standard().parseMs("1517365101235", "time"));
        assertEquals(ms("2018-02-03T12:00:00Z"), EventTimeFormat.standard().parseMs("2018-02-03T12:00Z", "time"));
        assertThrows(BadLineException.class, () -> EventTimeFormat.standard().parseMs("2018-02-03T12:00", "time"));
        assertThrows(BadLineException.class, () -> parse("yyyy/MM/dd", "2018-02-03"));
        assertThrows(BadLineException.class, () -> parse("HH:mm", "12:00"));
    }

    private static long parse(String pattern, String value) throws BadLineException {
        return EventTimeFormat.ofPattern(pattern).parseMs(value, "date");
    }

    private static long ms(String iso) {
        return Instant.parse(iso).toEpochMilli();
    }
}
