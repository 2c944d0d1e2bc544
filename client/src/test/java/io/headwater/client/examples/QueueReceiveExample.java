package io.headwater.client.examples;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueRecord;
import java.time.Duration;
import java.util.List;

/** Receives records and settles each. */
public final class QueueReceiveExample {
    private QueueReceiveExample() {}

    public static void main(String[] args) {
        System.out.println(run(args.length > 0 ? args[0] : "127.0.0.1:9440") + " records received");
    }

    /** Needs a topic {@code orders} with a queue or keyed group {@code shipping}. */
    public static int run(String server) {
        int count = 0;
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                QueueConsumer consumer =
                        client.queueConsumer().topic("orders").group("shipping").build()) {
            List<QueueRecord> records = consumer.receive(100, Duration.ofSeconds(5));
            for (QueueRecord record : records) {
                if (record.value() != null) {
                    consumer.ack(record);
                } else if (record.failures() < 3) {
                    consumer.fail(record, "nothing in it", Duration.ofMinutes(5));
                } else {
                    consumer.reject(record, "never anything in it");
                }
                count++;
            }
        } // close() waits until all is answered; what was not settled goes back
        // end
        return count;
    }
}
