package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.record.testing.Seeds;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

final class KeyHashTest {
    @Test
    void agreesWithKafkaForEveryKey() {
        Seeds.run(20_000, random -> {
            byte[] key = new byte[random.nextInt(40)];
            random.nextBytes(key);
            int partitions = 1 + random.nextInt(1_000);
            assertEquals(Utils.murmur2(key), KeyHash.murmur2(key));
            assertEquals(BuiltInPartitioner.partitionForKey(key, partitions), KeyHash.partitionFor(key, partitions));
        });
    }

    @Test
    void keepsTheHashesThatExistingTopicsRelyOn() {
        assertHash(275_646_681, "");
        assertHash(-973_932_308, "21");
        assertHash(479_470_107, "abc");
        assertHash(-790_332_482, "foobar");
        assertHash(2_077_856_671, "headwater");
        assertHash(-985_981_536, "a-little-bit-long-string");
    }

    private static void assertHash(int expected, String key) {
        assertEquals(expected, KeyHash.murmur2(key.getBytes(StandardCharsets.UTF_8)), key);
    }
}
