package io.headwater.client.examples;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueGroupConfig;
import java.time.Duration;

/** Makes a keyed group. */
public final class QueueAdminExample {
    private QueueAdminExample() {}

    public static void main(String[] args) {
        run(args.length > 0 ? args[0] : "127.0.0.1:9440");
    }

    /** Needs a topic {@code orders}. */
    public static void run(String server) {
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build()) {
            QueueAdmin queues = client.queueAdmin();
            try {
                queues.create(
                        "orders",
                        "shipping",
                        QueueGroupConfig.keyedQueue()
                                .withLease(Duration.ofMinutes(1))
                                .withMaxFailures(5));
            } catch (HeadwaterException.Rejected e) {
                if (!e.code().equals("GROUP_EXISTS")) {
                    throw e;
                }
            }
            queues.list("orders").forEach(group -> System.out.println(group.name() + ": " + group.settings()));
        }
        // end
    }
}
