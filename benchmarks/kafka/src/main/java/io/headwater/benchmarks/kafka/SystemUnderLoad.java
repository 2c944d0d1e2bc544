package io.headwater.benchmarks.kafka;

import io.headwater.benchmarks.load.HeadwaterTarget;
import io.headwater.benchmarks.load.LoadTarget;
import java.util.Locale;

/** What is loaded. */
enum SystemUnderLoad {
    HEADWATER,
    KAFKA,
    FLOOR;

    String title() {
        return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
    }

    /** A client; the floor has none, it is loaded by a loop of its own. */
    LoadTarget connect(int port) {
        String server = "127.0.0.1:" + port;
        return switch (this) {
            case HEADWATER -> HeadwaterTarget.connect(server);
            case KAFKA -> KafkaTarget.connect(server);
            case FLOOR -> throw new IllegalStateException("the floor has no client");
        };
    }
}
