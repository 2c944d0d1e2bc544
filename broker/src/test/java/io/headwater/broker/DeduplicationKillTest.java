package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker is killed (SIGKILL) again and again under a publisher that knows nothing but its own records: after each kill
 * it sends all of them again, as a new producer, from anywhere on. In the end each is in the log exactly once.
 */
@Timeout(120)
class DeduplicationKillTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 3);
    private static final int RECORDS = 2_000;

    @TempDir
    Path directory = Path.of("set by JUnit");

    private final SplittableRandom random = new SplittableRandom(7);

    @Test
    void eachIdIsInTheLogOnce() throws Exception {
        TreeSet<String> confirmed = new TreeSet<>();
        for (int kill = 0; kill < KILLS; kill++) {
            try (BrokerProcess broker = BrokerProcess.start(directory);
                    HeadwaterClient client = client(broker, Duration.ofSeconds(5))) {
                if (kill == 0) {
                    client.admin()
                            .createTopic(
                                    "jobs",
                                    TopicSettings.defaults()
                                            .withWork(WorkSettings.defaults().withDedupWindow(Duration.ofHours(1))));
                }
                List<CompletableFuture<Acknowledgement>> sent =
                        send(client.producer().build());
                sent.get(random.nextInt(RECORDS / 4, RECORDS)).join();
                broker.kill();
                for (int i = 0; i < RECORDS; i++) {
                    if (sent.get(i).isDone() && !sent.get(i).isCompletedExceptionally()) {
                        confirmed.add("offset " + sent.get(i).join().offset());
                    }
                }
            }
        }
        assertTrue(confirmed.size() >= RECORDS / 4, confirmed.size() + " confirmed");
        for (int last = 0; last < 2; last++) {
            try (BrokerProcess broker = BrokerProcess.start(directory);
                    HeadwaterClient client = client(broker, Duration.ofSeconds(30));
                    Producer producer = client.producer().build()) {
                send(producer).forEach(CompletableFuture::join);
                List<String> stored = DeduplicationTest.stored(client);
                assertEquals(RECORDS, new HashSet<>(stored).size());
                assertEquals(RECORDS, stored.size());
            }
        }
    }

    /** @param patience how long it looks for a broker that is dead, as it is closed */
    private static HeadwaterClient client(BrokerProcess broker, Duration patience) {
        return HeadwaterClient.builder()
                .server("127.0.0.1:" + broker.port())
                .timeout(patience)
                .build();
    }

    /** All, in the same order, but begun anywhere: batches are not those of the time before. */
    private List<CompletableFuture<Acknowledgement>> send(Producer producer) {
        int start = random.nextInt(RECORDS);
        List<CompletableFuture<Acknowledgement>> sent = new ArrayList<>();
        for (int i = 0; i < RECORDS; i++) {
            String id = "id-" + (start + i) % RECORDS;
            sent.add(producer.send(ProducerRecord.ofUtf8("jobs", null, id).withMessageId(id)));
        }
        return sent;
    }
}
