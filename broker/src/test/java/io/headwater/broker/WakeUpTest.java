package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.BrokerConfig.Threads;
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
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every thread between a producer and a consumer goes to sleep between two records: client, event loop, owner, sync
 * thread and back. A wake-up that is lost anywhere is not healed by a later record, as none follows until this one is
 * acknowledged and consumed. {@code scripts/battery wakes} runs many.
 */
class WakeUpTest {
    private static final int ROUNDS = Integer.getInteger("headwater.wakes", 1_000);
    private static final int PARTITIONS = 4;

    @TempDir
    Path directory;

    @Test
    void nobodySleepsThroughARecord() throws Exception {
        BrokerConfig config = BrokerConfig.onFreePorts(directory).withThreads(new Threads(2, 2));
        SplittableRandom random = new SplittableRandom(5);
        try (Broker broker = Broker.start(config);
                HeadwaterClient client = client(broker);
                HeadwaterClient other = client(broker)) {
            client.admin().createTopic("t", TopicSettings.defaults().withPartitions(PARTITIONS));
            try (Producer one = client.producer().build();
                    Producer two = other.producer().build();
                    StreamConsumer consumer = other.streamConsumer()
                            .topics("t")
                            .from(Position.beginning())
                            .build()) {
                for (int round = 0; round < ROUNDS; round++) {
                    List<CompletableFuture<Acknowledgement>> acks = new ArrayList<>();
                    int records = 1 + random.nextInt(3);
                    for (int i = 0; i < records; i++) {
                        acks.add((random.nextBoolean() ? one : two).send(record(round, i)));
                        pause(random);
                    }
                    for (CompletableFuture<Acknowledgement> ack : acks) {
                        ack.get(10, TimeUnit.SECONDS);
                    }
                    assertEquals(records, consumed(consumer, records), "consumed in round " + round);
                }
            }
        }
    }

    private static int consumed(StreamConsumer consumer, int expected) {
        int count = 0;
        while (count < expected) {
            List<ConsumedRecord> records = consumer.poll(Duration.ofSeconds(10));
            if (records.isEmpty()) {
                break;
            }
            count += records.size();
        }
        return count;
    }

    private static ProducerRecord record(int round, int i) {
        byte[] bytes = (round + "-" + i).getBytes(StandardCharsets.UTF_8);
        return ProducerRecord.of("t", bytes, bytes);
    }

    private static void pause(SplittableRandom random) {
        for (int spins = random.nextInt(4000); spins > 0; spins--) {
            Thread.onSpinWait();
        }
    }

    private static HeadwaterClient client(Broker broker) {
        return HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
    }
}
