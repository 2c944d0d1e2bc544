package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import org.apache.kafka.common.utils.ByteUtils;
import org.junit.jupiter.api.Test;

final class VarintsTest {
    @Test
    void writesAndSizesNumbersOfEveryWidthAsKafkaDoes() {
        Seeds.run(20_000, random -> {
            int number = random.nextInt() >> random.nextInt(32);
            long large = random.nextLong() >> random.nextInt(64);
            ByteBuffer ours = ByteBuffer.allocate(20);
            ByteBuffer theirs = ByteBuffer.allocate(20);
            ByteUtils.writeVarint(number, theirs);
            assertEquals(theirs.position(), Varints.sizeOf(number));
            assertEquals(theirs.position(), Varints.put(ours, 0, number));
            ByteUtils.writeVarlong(large, theirs);
            assertEquals(theirs.position(), Varints.sizeOf(number) + Varints.sizeOf(large));
            assertEquals(theirs.position(), Varints.put(ours, Varints.sizeOf(number), large));
            assertEquals(theirs, ours.position(theirs.position()));
        });
    }

    @Test
    void refusesNumbersThatDoNotFit() {
        assertRefused("ffffffff1f"); // 33 bits
        assertRefused("ffffffffff01"); // six bytes
        assertRefused("ffffffff"); // unfinished
        assertRefused("");
    }

    private static void assertRefused(String hex) {
        RecordParser parser = new RecordParser();
        parser.buffer = ByteBuffer.wrap(java.util.HexFormat.of().parseHex(hex));
        assertThrows(InvalidBatchException.class, () -> parser.parse(parser.buffer.limit()));
    }
}
