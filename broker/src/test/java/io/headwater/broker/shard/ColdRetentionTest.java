package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.protocol.wire.AckLevel;
import org.junit.jupiter.api.Test;

class ColdRetentionTest {
    private static final TopicPolicy WEEK = new TopicPolicy(7 * 24 * 3_600_000L, -1, AckLevel.ACK_PERSISTED);
    private static final TopicPolicy FOREVER = new TopicPolicy(-1, -1, AckLevel.ACK_PERSISTED);

    @Test
    void opensNothingAtTheStartAndEachPartitionOnceWithinAnHourNotAllAtOnce() {
        ColdRetention retention = new ColdRetention();
        int partitions = 1000;
        int opened = 0;
        int mostAtOnce = 0;
        for (long nowMs = 5_000_000; nowMs < 5_000_000 + 3_600_000; nowMs += 30_000) {
            int now = 0;
            for (int id = 1; id <= partitions; id++) {
                now += retention.isDue(id, WEEK, nowMs) ? 1 : 0;
            }
            if (nowMs == 5_000_000) {
                assertEquals(0, now);
            }
            opened += now;
            mostAtOnce = Math.max(mostAtOnce, now);
        }
        assertTrue(opened > partitions * 9 / 10 && opened <= partitions, opened + " opened");
        assertTrue(mostAtOnce < partitions / 20, mostAtOnce + " at once");
    }

    @Test
    void aShortRetentionIsLookedAtOften() {
        ColdRetention retention = new ColdRetention();
        TopicPolicy minute = new TopicPolicy(60_000, -1, AckLevel.ACK_PERSISTED);
        int due = 0;
        for (long nowMs = 0; nowMs < 60_000; nowMs += 1000) {
            due += retention.isDue(1, minute, nowMs) ? 1 : 0;
        }
        assertTrue(due >= 10, due + " times");
    }

    @Test
    void whatIsKeptForEverIsNeverOpened() {
        ColdRetention retention = new ColdRetention();
        for (long nowMs = 0; nowMs < 10_000_000; nowMs += 30_000) {
            assertFalse(retention.isDue(1, FOREVER, nowMs));
        }
    }
}
