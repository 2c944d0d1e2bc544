package io.headwater.client;

import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.GroupSummary;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicDescription;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Topics, groups and the broker itself. Every method blocks until it is answered and throws {@link HeadwaterException}.
 * Descriptions are the protocol's own messages: they grow with it. Thread-safe.
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build()) {
 *     Admin admin = client.admin();
 *     try {
 *         admin.createTopic(
 *                 "orders", TopicSettings.defaults().withPartitions(3).withRetention(Duration.ofDays(30)));
 *     } catch (HeadwaterException.Rejected e) {
 *         if (!e.code().equals("TOPIC_EXISTS")) {
 *             throw e;
 *         }
 *     }
 *     admin.topics()
 *             .forEach(topic ->
 *                     System.out.println(topic.getName() + ": " + topic.getPartitionsCount() + " partitions"));
 * }
 * }</pre>
 */
public interface Admin {
    Topic createTopic(String name, TopicSettings settings);

    Topic alterTopic(String name, TopicSettings settings);

    void deleteTopic(String name);

    List<Topic> topics();

    TopicDescription describeTopic(String name);

    List<GroupSummary> groups();

    GroupDescription describeGroup(String group);

    /**
     * Moves a group's positions, also while it runs.
     *
     * @param partition -1: all of the topic
     */
    List<GroupPartition> seekGroup(String group, String topic, int partition, Position to);

    void deleteGroup(String group);

    Status status();

    /**
     * A topic's settings. Null means the broker's default when creating, and unchanged when altering.
     *
     * @param partitions 0: default or unchanged
     * @param retention negative: no limit
     * @param retentionBytes per partition; negative: no limit
     */
    record TopicSettings(
            int partitions,
            @Nullable Duration retention,
            @Nullable Long retentionBytes,
            @Nullable AckLevel ackLevel) {
        public static TopicSettings defaults() {
            return new TopicSettings(0, null, null, null);
        }

        public TopicSettings withPartitions(int count) {
            return new TopicSettings(count, retention, retentionBytes, ackLevel);
        }

        public TopicSettings withRetention(Duration limit) {
            return new TopicSettings(partitions, limit, retentionBytes, ackLevel);
        }

        public TopicSettings withRetentionBytes(long bytes) {
            return new TopicSettings(partitions, retention, bytes, ackLevel);
        }

        public TopicSettings withAckLevel(AckLevel level) {
            return new TopicSettings(partitions, retention, retentionBytes, level);
        }
    }
}
