package io.headwater.client.examples;

import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.StreamConsumer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Reads one day again by the time when things happened; what arrived late is found too. */
public final class ReplayExample {
    private ReplayExample() {}

    public static void main(String[] args) {
        System.out.println(run(args.length > 0 ? args[0] : "127.0.0.1:9440").size() + " records");
    }

    /** Needs a topic {@code orders}. */
    public static List<ConsumedRecord> run(String server) {
        List<ConsumedRecord> day = new ArrayList<>();
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                StreamConsumer consumer = client.streamConsumer()
                        .topics("orders")
                        .from(Position.eventAt(Instant.parse("2026-01-15T00:00:00Z")))
                        .until(Position.eventAt(Instant.parse("2026-01-16T00:00:00Z")))
                        .build()) {
            while (!consumer.isAtEnd()) {
                day.addAll(consumer.poll(Duration.ofSeconds(1)));
            }
        }
        // end
        return day;
    }
}
