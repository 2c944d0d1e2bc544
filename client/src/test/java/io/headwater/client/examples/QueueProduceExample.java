package io.headwater.client.examples;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import java.time.Duration;

/** Says when, in which order and under which name queue groups are to deliver. */
public final class QueueProduceExample {
    private QueueProduceExample() {}

    public static void main(String[] args) {
        run(args.length > 0 ? args[0] : "127.0.0.1:9440");
    }

    /** Needs a topic {@code orders}. */
    public static void run(String server) {
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("orders", "customer-1", "remind me")
                            .withDelay(Duration.ofHours(1)))
                    .join();
            producer.send(ProducerRecord.ofUtf8("orders", null, "urgent")
                            .withPriority(9)
                            .withMessageId("order-4711"))
                    .join();
        }
        // end
    }
}
