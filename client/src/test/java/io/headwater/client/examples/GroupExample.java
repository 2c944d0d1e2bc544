package io.headwater.client.examples;

import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.StreamConsumer;
import java.util.concurrent.atomic.AtomicInteger;

/** Shares a topic with the other members of a group; positions are committed after the handler has returned. */
public final class GroupExample {
    private final AtomicInteger processed = new AtomicInteger();

    public static void main(String[] args) {
        System.out.println(new GroupExample().run(args.length > 0 ? args[0] : "127.0.0.1:9440") + " records");
    }

    /** Needs a topic {@code orders}. Without {@code until} it would run for ever. */
    public int run(String server) {
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                StreamConsumer consumer = client.streamConsumer()
                        .topics("orders")
                        .group("billing")
                        .until(Position.end())
                        .build()) {
            consumer.run(this::process);
        }
        // end
        return processed.get();
    }

    private void process(ConsumedRecord record) {
        processed.incrementAndGet();
    }
}
