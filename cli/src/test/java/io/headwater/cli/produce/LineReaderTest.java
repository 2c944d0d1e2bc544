package io.headwater.cli.produce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LineReaderTest {
    private static final int MAX_LINE_BYTES = 1 << 20;

    @Test
    void aLineIsARecordAndAnEmptyLineAnEmptyOne() throws Exception {
        assertEquals(List.of("a", "", "b"), lines(in("a\n\nb\n")));
        assertEquals(List.of("a", "last without newline"), lines(in("a\nlast without newline")));
        assertEquals(List.of(), lines(in("")));
        assertEquals(List.of(""), lines(in("\n")));
        assertEquals(List.of("dos\r"), lines(in("dos\r\n")));
    }

    @Test
    void linesComeOutWholeHoweverTheBytesArrive() throws Exception {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 50; round++) {
            List<String> expected = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(200); i >= 0; i--) {
                String line = "x".repeat(random.nextInt(20) == 0 ? random.nextInt(600_000) : random.nextInt(50));
                expected.add(line);
                text.append(line).append('\n');
            }
            assertEquals(expected, lines(trickle(text.toString(), random)));
        }
    }

    @Test
    void aLineBeyondTheBoundIsRefusedByItsNumber() throws Exception {
        LineReader reader = new LineReader(in("short\n" + "x".repeat(MAX_LINE_BYTES + 1)), MAX_LINE_BYTES);
        reader.next();
        BadLineException refusal = assertThrows(BadLineException.class, reader::next);
        assertTrue(String.valueOf(refusal.getMessage()).contains("longer than 1048576 bytes"));
        assertEquals(2, reader.lineNumber());
    }

    private static List<String> lines(InputStream in) throws Exception {
        LineReader reader = new LineReader(in, MAX_LINE_BYTES);
        List<String> lines = new ArrayList<>();
        for (byte[] line = reader.next(); line != null; line = reader.next()) {
            lines.add(new String(line, StandardCharsets.UTF_8));
            assertEquals(lines.size(), reader.lineNumber());
        }
        return lines;
    }

    private static InputStream in(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private static InputStream trickle(String text, SplittableRandom random) {
        InputStream all = in(text);
        return new InputStream() {
            @Override
            public int read() throws IOException {
                return all.read();
            }

            @Override
            public int read(byte[] target, int from, int length) throws IOException {
                return all.read(target, from, Math.min(length, 1 + random.nextInt(300_000)));
            }
        };
    }
}
