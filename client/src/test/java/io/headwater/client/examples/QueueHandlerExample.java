package io.headwater.client.examples;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueRecord;
import java.util.concurrent.atomic.AtomicInteger;

/** Works on ten records, with four handlers at once. */
public final class QueueHandlerExample {
    private final AtomicInteger shipped = new AtomicInteger();

    public static void main(String[] args) {
        System.out.println(
                new QueueHandlerExample().run(args.length > 0 ? args[0] : "127.0.0.1:9440") + " records shipped");
    }

    /** Needs a topic {@code orders} with a queue or keyed group {@code shipping}. */
    public int run(String server) {
        AtomicInteger left = new AtomicInteger(10);
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                QueueConsumer consumer = client.queueConsumer()
                        .topic("orders")
                        .group("shipping")
                        .concurrency(4)
                        .build()) {
            consumer.run(record -> {
                ship(record); // returns: acknowledged. Throws: failed, and it comes again
                if (left.decrementAndGet() == 0) {
                    consumer.close(); // what runs is finished, what was not begun goes back
                }
            });
        }
        // end
        return shipped.get();
    }

    private void ship(QueueRecord record) {
        System.out.println("delivery " + record.deliveries() + " of " + record);
        shipped.incrementAndGet();
    }
}
