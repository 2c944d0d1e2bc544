package io.headwater.benchmarks.jmh;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A broker in this JVM with its defaults, on a free port, with data in a temporary directory; and a client of it. */
final class InProcessBroker implements AutoCloseable {
    private final Path directory;
    private final Broker broker;
    private final HeadwaterClient client;

    InProcessBroker() throws Exception {
        directory = Files.createTempDirectory("broker-bench");
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        client = HeadwaterClient.builder().server("127.0.0.1:" + port()).build();
    }

    int port() {
        return broker.port();
    }

    HeadwaterClient client() {
        return client;
    }

    /** Bounded, so that a long run does not fill the disk. */
    Topic createTopic(String name, int partitions) {
        return client.admin()
                .createTopic(
                        name,
                        TopicSettings.defaults().withPartitions(partitions).withRetentionBytes(512L << 20));
    }

    @Override
    public void close() throws IOException {
        client.close();
        broker.close();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
