package io.headwater.client.examples;

import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import java.time.Duration;

/** Makes a topic and lists them all. */
public final class AdminExample {
    private AdminExample() {}

    public static void main(String[] args) {
        run(args.length > 0 ? args[0] : "127.0.0.1:9440");
    }

    public static void run(String server) {
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build()) {
            Admin admin = client.admin();
            try {
                admin.createTopic(
                        "orders", TopicSettings.defaults().withPartitions(3).withRetention(Duration.ofDays(30)));
            } catch (HeadwaterException.Rejected e) {
                if (!e.code().equals("TOPIC_EXISTS")) {
                    throw e;
                }
            }
            admin.topics()
                    .forEach(topic ->
                            System.out.println(topic.getName() + ": " + topic.getPartitionsCount() + " partitions"));
        }
        // end
    }
}
