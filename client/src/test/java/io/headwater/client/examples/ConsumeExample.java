package io.headwater.client.examples;

import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.StreamConsumer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Reads all there is, by polling. */
public final class ConsumeExample {
    private ConsumeExample() {}

    public static void main(String[] args) {
        System.out.println(run(args.length > 0 ? args[0] : "127.0.0.1:9440") + " records");
    }

    /** Needs a topic {@code orders}. */
    public static int run(String server) {
        int count = 0;
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                StreamConsumer consumer = client.streamConsumer()
                        .topics("orders")
                        .until(Position.end())
                        .build()) {
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    byte[] value = record.value(); // null: a record without a value
                    String text = value == null ? "" : new String(value, StandardCharsets.UTF_8);
                    System.out.println(record.partition() + "@" + record.offset() + " " + text);
                    count++;
                }
            }
        }
        // end
        return count;
    }
}
