package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real client and the real broker with a bad network between them: nothing acknowledged is lost, nothing is there
 * twice, order holds and offsets are dense, for what is stored as for what was consumed meanwhile. {@code
 * scripts/battery lossy} runs for longer.
 */
class LossyNetworkTest {
    private static final int SECONDS = Integer.getInteger("headwater.lossy", 8);
    private static final long SEED = Long.getLong("headwater.seed", 20261121);
    private static final int PARTITIONS = 3;
    private static final int CUTS = 3;

    @TempDir
    Path directory;

    private final StreamHistory history = new StreamHistory(Long.toString(SEED), 0);

    @Test
    @Timeout(1800)
    void losesAndDoublesNothingOverABadNetwork() throws Exception {
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                HeadwaterClient direct = client(broker.port());
                LossyProxy producing = new LossyProxy(broker.port(), SEED);
                LossyProxy consuming = new LossyProxy(broker.port(), SEED + 1);
                HeadwaterClient sender = client(producing.port());
                HeadwaterClient receiver = client(consuming.port())) {
            direct.admin()
                    .createTopic(StreamHistory.TOPIC, TopicSettings.defaults().withPartitions(PARTITIONS));
            StreamHistory.Reading meanwhile = history.new Reading();
            Thread consumer = new Thread(() -> history.consume(receiver, meanwhile), "consume");
            Thread load = new Thread(() -> history.load(sender), "load");
            consumer.start();
            load.start();
            load.join(TimeUnit.SECONDS.toMillis(SECONDS));
            // On a slow machine little has passed by then.
            while (load.isAlive() && producing.cuts() + consuming.cuts() < CUTS) {
                load.join(100);
            }
            history.stop();
            producing.heal();
            consuming.heal();
            load.join();
            history.checkNothingFailed();
            consumer.join();

            history.readToTheEnd(direct).check("stored");
            meanwhile.check("consumed");
            assertTrue(history.acknowledged() > 500, "too little load: " + history.acknowledged());
            assertTrue(producing.cuts() + consuming.cuts() >= CUTS, "too good a network");
        }
    }

    private static HeadwaterClient client(int port) {
        return HeadwaterClient.builder()
                .server("127.0.0.1:" + port)
                .timeout(Duration.ofMinutes(2))
                .build();
    }
}
