package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker with nothing to do takes next to nothing: no spinning, no fast timers. */
class IdleTest {
    private static final Duration REST = Duration.ofSeconds(4);

    @TempDir
    Path directory;

    @Test
    void aBrokerAtRestUsesLessThanAPercentOfACore() throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            long partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
            client.produce(partition, Batches.of("a"));
            // What a fresh JVM still does in the background is over after one such time.
            client.expectSilence(REST);
            Duration before = broker.cpuTime();
            client.expectSilence(REST);
            Duration used = broker.cpuTime().minus(before);

            assertTrue(
                    used.toMillis() <= REST.toMillis() / 100,
                    () -> used.toMillis() + " ms of CPU in " + REST.toSeconds() + " s at rest");
            assertTrue(broker.anonymousKib() < 200 * 1024, () -> "RssAnon too large");
        }
    }
}
