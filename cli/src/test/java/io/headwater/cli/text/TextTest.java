package io.headwater.cli.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TextTest {
    @Test
    void durationsComeInTheUnitsThatPeopleUse() {
        assertEquals(Duration.ofDays(7), DurationText.parse("7d"));
        assertEquals(Duration.ofMinutes(90), DurationText.parse("1h30m"));
        assertEquals(Duration.ofMillis(250), DurationText.parse("250ms"));
        assertEquals(Duration.ofDays(14), DurationText.parse("2w"));
        assertEquals(Duration.ofSeconds(30), DurationText.parse("30S"));
    }

    @Test
    void whatIsNoDurationIsRefusedWithWhatWasExpected() {
        for (String bad :
                List.of("", "7", "d", "-7d", "7d!", "7 d", "1.5h", "99999999999999999d", "9223372036854775807d")) {
            refuses(bad, "expected", () -> DurationText.parse(bad));
        }
    }

    @Test
    void aDurationIsPrintedExactlyAndParsesBack() {
        for (String text : List.of("7d", "1h30m", "1s500ms", "365d", "0s", "23h59m59s999ms")) {
            assertEquals(text, DurationText.exact(DurationText.parse(text).toMillis()));
        }
    }

    @Test
    void sizesTellPowersOf1024From1000() {
        assertEquals(10L << 30, SizeText.parse("10GiB"));
        assertEquals(10_000_000_000L, SizeText.parse("10GB"));
        assertEquals(1536, SizeText.parse("1.5 kib"));
        assertEquals(512, SizeText.parse("512"));
        for (String bad : List.of("", "GiB", "-1", "1g", "1 GiB b", "9999999999TiB")) {
            refuses(bad, bad, () -> SizeText.parse(bad));
        }
    }

    @Test
    void timesAreIsoWithAZoneOrADateOrEpochMilliseconds() {
        Instant noon = Instant.parse("2018-02-03T12:00:00Z");
        assertEquals(noon, TimeText.parse("2018-02-03T12:00:00Z"));
        assertEquals(noon, TimeText.parse("2018-02-03T12:00Z"));
        assertEquals(noon, TimeText.parse("2018-02-03 13:00+01:00"));
        assertEquals(noon, TimeText.parse("2018-02-03T13:00:00+01:00[Europe/Paris]"));
        assertEquals(noon, TimeText.parse(Long.toString(noon.toEpochMilli())));
        assertEquals(Instant.parse("2018-02-03T00:00:00Z"), TimeText.parse("2018-02-03"));
        assertEquals(Instant.ofEpochMilli(-1), TimeText.parse("-1"));
    }

    @Test
    void aTimeWithoutAZoneIsRefusedAndShownWithOne() {
        refuses("2018-02-03T12:00", "2018-02-03T12:00Z", () -> TimeText.parse("2018-02-03T12:00"));
        refuses("2018-02-03 12:00:01", "no zone", () -> TimeText.parse("2018-02-03 12:00:01"));
        for (String bad : List.of("", "now", "2018-02-30", "12:00", "2018-13-01T00:00Z", "99999999999999999999")) {
            refuses(bad, "expected", () -> TimeText.parse(bad));
        }
    }

    @Test
    void positionsNameTheirKind() {
        assertEquals(Position.beginning(), PositionText.parse("beginning"));
        assertEquals(Position.end(), PositionText.parse("end"));
        assertEquals(Position.offset(17), PositionText.parse("offset:17"));
        assertEquals(Position.eventAt(Instant.parse("2018-02-03T00:00:00Z")), PositionText.parse("event:2018-02-03"));
        assertEquals(Position.ingestedAt(Instant.ofEpochMilli(5)), PositionText.parse("ingested:5"));
        for (String bad :
                List.of("", "17", "offset:", "offset:-1", "offset:x", "end:3", "event", "time:3", "event:x")) {
            refuses(bad, "expected", () -> PositionText.parse(bad));
        }
    }

    @Test
    void numbersReadLikeNumbers() {
        assertEquals("1,707 records", Human.count(1707, "record"));
        assertEquals("1 record", Human.count(1, "record"));
        assertEquals("0 B", Human.bytes(0L));
        assertEquals("1,023 B".replace(",", ""), Human.bytes(1023L));
        assertEquals("1 KiB", Human.bytes(1024L));
        assertEquals("407 KiB", Human.bytes(417_049L));
        assertEquals("1.5 GiB", Human.bytes(3L << 29));
        assertEquals("8 EiB", Human.bytes(Long.MAX_VALUE));
        assertEquals("250 ms", Human.duration(250));
        assertEquals("1.5 s", Human.duration(1500));
        assertEquals("5 m 10 s", Human.duration(310_000));
        assertEquals("2 d 3 h", Human.duration(51L * 3_600_000));
        assertEquals("-2 h", Human.duration(-7_200_000));
        assertEquals("8.82 y", Human.duration((long) (8.82 * 365 * 86_400_000L)));
        assertEquals("0.4/s", Human.perSecond(0.4));
        assertEquals("0/s", Human.perSecond(0));
        assertEquals("12,300/s", Human.perSecond(12_300));
        assertEquals("170 us", Human.micros(170));
        assertEquals("1.2 ms", Human.micros(1200));
    }

    @Test
    void tablesAlignNumbersToTheRightAndWordsToTheLeft() {
        Table table = new Table("NAME", "COUNT", "WHAT");
        table.row("a", "1", "x");
        table.row("longer", "1,000", "-");
        assertEquals(
                List.of(
                        "NAME    COUNT  WHAT", //
                        "a           1  x",
                        "longer  1,000  -"),
                table.lines());
    }

    private static void refuses(String text, String mentions, Executable parse) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, parse, text);
        assertTrue(String.valueOf(refusal.getMessage()).contains(mentions), refusal.getMessage());
    }
}
