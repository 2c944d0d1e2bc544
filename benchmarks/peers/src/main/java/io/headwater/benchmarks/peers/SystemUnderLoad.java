package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.load.HeadwaterQueueTarget;
import io.headwater.benchmarks.load.HeadwaterTarget;
import io.headwater.benchmarks.load.LoadTarget;
import io.headwater.benchmarks.load.LoadTarget.SinkSettings;
import io.headwater.benchmarks.load.QueueTarget;

/** What is loaded. */
enum SystemUnderLoad {
    HEADWATER("Headwater"),
    KAFKA("Kafka"),
    /** With every write synced before it is confirmed, as ours does. */
    KAFKA_SYNCED("Kafka, synced"),
    RABBITMQ("RabbitMQ"),
    FLOOR("Floor");

    private final String title;

    SystemUnderLoad(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** A client; the floor has none, it is loaded by a loop of its own. */
    LoadTarget connect(int port) {
        String server = "127.0.0.1:" + port;
        return switch (this) {
            case HEADWATER -> HeadwaterTarget.connect(server);
            case KAFKA, KAFKA_SYNCED -> KafkaTarget.connect(server);
            case RABBITMQ, FLOOR -> throw new IllegalStateException(title + " has no streams here");
        };
    }

    /**
     * A client of its queues.
     *
     * @param settings of the producers of those systems that gather records into batches, but ours
     */
    QueueTarget connectToQueues(int port, SinkSettings settings) {
        String server = "127.0.0.1:" + port;
        return switch (this) {
            case HEADWATER -> HeadwaterQueueTarget.connect(server);
            case KAFKA, KAFKA_SYNCED -> ShareGroupTarget.connect(server, settings);
            case RABBITMQ -> RabbitTarget.connect(port);
            case FLOOR -> throw new IllegalStateException("the floor has no queues");
        };
    }
}
