package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.AckLevel;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A topic at level replicated on three brokers in processes of their own, whose machines are said to have lost power. */
@Timeout(600)
class ClusterAckLevelTest {
    private static final int NODES = 3;
    private static final int SOME = 1_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    private final StreamHistory history = new StreamHistory("-", 500_000).at(AckLevel.REPLICATED);

    private interface Fault {
        void strike(ClusterOfProcesses cluster) throws Exception;
    }

    /** Nothing acknowledged is lost: returns how often it is recorded that something may be. */
    private int lossesUnder(Fault fault) throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient operator = cluster.client(Duration.ofMinutes(1))) {
            history.during(cluster, SOME, () -> fault.strike(cluster));
            return operator.admin().cluster().getRecoveriesCount();
        }
    }

    private static void killAll(ClusterOfProcesses cluster) {
        for (int node = 1; node <= NODES; node++) {
            cluster.kill(node);
        }
    }

    /** As if its machine had been down: what it had written is there all the same, which it cannot know. */
    private static void anotherBoot(ClusterOfProcesses cluster, int node) throws IOException {
        Files.writeString(cluster.dataOf(node).resolve("boot"), "before");
    }

    @Test
    void allAreKilledAtOnceAndNothingIsLostOrSaidToBe() throws Exception {
        int losses = lossesUnder(cluster -> {
            killAll(cluster);
            cluster.startAll();
        });
        assertEquals(0, losses);
    }

    @Test
    void oneLosesPowerAndNothingIsLostOrSaidToBe() throws Exception {
        int losses = lossesUnder(cluster -> {
            for (int node = 1; node <= 2; node++) {
                cluster.kill(node);
                anotherBoot(cluster, node);
                history.awaitMore(SOME);
                cluster.start(node);
                history.awaitMore(4 * SOME); // it has again what it had
            }
        });
        assertEquals(0, losses);
    }

    @Test
    void allLosePowerAndThatSomethingMayBeLostIsRecorded() throws Exception {
        int losses = lossesUnder(cluster -> {
            killAll(cluster);
            for (int node = 1; node <= NODES; node++) {
                anotherBoot(cluster, node);
            }
            cluster.startAll();
        });
        assertTrue(losses > 0, "nothing is recorded");
    }

    @Test
    void anAlteredTopicNamesTheLevelThatIsReached() throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1));
                Producer producer = client.producer().build()) {
            client.admin().createTopic("t", TopicSettings.defaults().withAckLevel(AckLevel.REPLICATED));
            assertEquals(AckLevel.REPLICATED, levelOfNext(producer));
            client.admin().alterTopic("t", TopicSettings.defaults().withAckLevel(AckLevel.PERSISTED));
            assertEventually(producer, AckLevel.PERSISTED);
            client.admin().alterTopic("t", TopicSettings.defaults().withAckLevel(AckLevel.REPLICATED));
            assertEventually(producer, AckLevel.REPLICATED);
        }
    }

    /** The leader may be another broker than the one that was asked. */
    private static void assertEventually(Producer producer, AckLevel level) throws Exception {
        long endNs = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (levelOfNext(producer) != level) {
            assertTrue(System.nanoTime() < endNs, "never at level " + level);
        }
    }

    private static AckLevel levelOfNext(Producer producer) throws Exception {
        byte[] value = "value".getBytes(StandardCharsets.UTF_8);
        return producer.send(ProducerRecord.of("t", value, value))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS)
                .level();
    }
}
