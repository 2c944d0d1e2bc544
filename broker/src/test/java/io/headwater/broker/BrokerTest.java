package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerTest {
    @TempDir
    Path directory;

    @Test
    void whatIsProducedIsConsumedAlsoAfterARestart() throws Exception {
        List<String> sent = new ArrayList<>();
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                HeadwaterClient client = client(broker)) {
            client.admin().createTopic("orders", TopicSettings.defaults().withPartitions(3));
            try (Producer producer = client.producer().build()) {
                List<CompletableFuture<Acknowledgement>> acks = new ArrayList<>();
                for (int i = 0; i < 1000; i++) {
                    sent.add("value-" + i);
                    acks.add(producer.send(ProducerRecord.of("orders", bytes("key-" + i), bytes("value-" + i))));
                }
                for (CompletableFuture<Acknowledgement> ack : acks) {
                    ack.get();
                }
            }
            assertEquals(sent.size(), consume(client).size());
        }
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory));
                HeadwaterClient client = client(broker)) {
            List<String> values = consume(client);
            assertEquals(sent.size(), values.size());
            assertTrue(values.containsAll(sent));
        }
    }

    private static List<String> consume(HeadwaterClient client) {
        List<String> values = new ArrayList<>();
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("orders")
                .from(Position.beginning())
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(10))) {
                    values.add(new String(record.value(), StandardCharsets.UTF_8));
                }
            }
        }
        return values;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static HeadwaterClient client(Broker broker) {
        return HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
    }
}
