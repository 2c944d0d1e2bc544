package io.headwater.benchmarks.load;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Reads a topic from its beginning, as fast as it goes, without a group.
 *
 * @param records the most to read; the load ends there, or when nothing has come for {@link #idleLimit}
 * @param timeLimit the load ends here even if records are left
 * @param idleLimit how long to wait for a next record before it is taken for the end
 */
public record ConsumeLoad(String server, String topic, long records, Duration timeLimit, Duration idleLimit) {

    public ConsumeLoad {
        Bounds.atLeast("records", records, 1);
        Bounds.atLeast("timeLimit", timeLimit.toMillis(), 1);
        Bounds.atLeast("idleLimit", idleLimit.toMillis(), 1);
    }

    /** A million records, at most a minute. */
    public static ConsumeLoad of(String server, String topic) {
        return new ConsumeLoad(server, topic, 1_000_000, Duration.ofMinutes(1), Duration.ofSeconds(2));
    }

    public ConsumeLoad withTopic(String name) {
        return new ConsumeLoad(server, name, records, timeLimit, idleLimit);
    }

    public ConsumeLoad withRecords(long most) {
        return new ConsumeLoad(server, topic, most, timeLimit, idleLimit);
    }

    public ConsumeLoad withTimeLimit(Duration limit) {
        return new ConsumeLoad(server, topic, records, limit, idleLimit);
    }

    /** Runs on the calling thread. A topic that does not exist is an error of the client's. */
    public LoadResult run(Consumer<LoadProgress> progress) {
        try (LoadTarget target = HeadwaterTarget.connect(server)) {
            return run(target, progress);
        }
    }

    /** The same against any system; {@link #server} then only names it. */
    public LoadResult run(LoadTarget target, Consumer<LoadProgress> progress) {
        return new ConsumeRun(this, target, progress, SystemNanoClock.INSTANCE::nanoTime).run();
    }

    Map<String, String> settings(int partitions) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("server", server);
        map.put("topic", topic);
        map.put("partitions", Integer.toString(partitions));
        return map;
    }
}
