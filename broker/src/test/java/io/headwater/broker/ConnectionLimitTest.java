package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectionLimitTest {
    @TempDir
    Path directory;

    @Test
    void aClientTooManyIsToldWhyAndServedWhenAnotherOneGoes() throws Exception {
        try (Broker broker = Broker.start(atMostOne());
                HeadwaterClient client = HeadwaterClient.builder()
                        .server("127.0.0.1:" + broker.port())
                        .timeout(Duration.ofSeconds(2))
                        .build()) {
            try (RawClient only = RawClient.connected(broker.port())) {
                HeadwaterException refused = assertThrows(HeadwaterException.class, () -> createTopic(client, "t"));
                assertTrue(
                        String.valueOf(refused.getMessage()).contains("1 are open, the configured most"),
                        refused::getMessage);
                assertEquals(1, only.createTopic("u", 1).getPartitionsCount());
            }
            createTopic(client, "t");
        }
    }

    private static void createTopic(HeadwaterClient client, String name) {
        client.admin().createTopic(name, TopicSettings.defaults());
    }

    private BrokerConfig atMostOne() {
        BrokerConfig free = BrokerConfig.onFreePorts(directory);
        return free.withNetwork(new BrokerConfig.Network(
                free.network().listen(),
                free.network().advertise(),
                free.network().admin(),
                false,
                free.network().maxFrameBytes(),
                1,
                free.network().maxInFlightBytes()));
    }
}
