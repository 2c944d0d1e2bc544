package io.headwater.cli.topic;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.Human;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.Overflow;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Toggle;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import java.io.IOException;

/** A topic in words and as JSON fields. */
final class TopicText {
    private TopicText() {}

    /** {@code 3 partitions, retention 7d, acknowledged when persisted}. */
    static String summary(Topic topic) {
        TopicConfig config = topic.getConfig();
        return Human.count(topic.getPartitionsCount(), "partition") + replicas(topic) + ", " + retention(config)
                + ", acknowledged when " + acknowledged(config)
                + work(config);
    }

    /** Empty where there is one of each partition. */
    private static String replicas(Topic topic) {
        int most = mostVoters(topic);
        return most < 2 ? "" : " on " + most + " brokers each";
    }

    private static int mostVoters(Topic topic) {
        return topic.getPartitionsList().stream()
                .mapToInt(Partition::getVotersCount)
                .max()
                .orElse(0);
    }

    /** Empty where queue groups mean nothing for the topic's records. */
    private static String work(TopicConfig config) {
        String grace =
                config.getAckedGraceMs() <= 0 ? "" : " " + DurationText.exact(config.getAckedGraceMs()) + " later";
        String gone = isDeletedOnAck(config) ? ", deleted when all queue groups are done" + grace : "";
        String most = config.getMaxRecords() <= 0
                ? ""
                : ", at most " + Human.count(config.getMaxRecords(), "record") + " not done a partition ("
                        + overflow(config) + ")";
        String bytes = config.getMaxBytes() <= 0
                ? ""
                : ", at most " + Human.bytes(config.getMaxBytes()) + " not done a partition (" + overflow(config) + ")";
        String age = config.getMaxAgeMs() <= 0
                ? ""
                : ", dead when not done after " + DurationText.exact(config.getMaxAgeMs());
        String dead = config.getDeadLetter().isEmpty() ? "" : ", the dead go to topic " + config.getDeadLetter();
        String dedup = config.getDedupWindowMs() <= 0
                ? ""
                : ", message ids stored once in " + DurationText.exact(config.getDedupWindowMs());
        return gone + most + bytes + age + dead + dedup;
    }

    private static boolean isDeletedOnAck(TopicConfig config) {
        return config.getUntilAcked() == Toggle.TOGGLE_ON;
    }

    private static String overflow(TopicConfig config) {
        return config.getOverflow() == Overflow.OVERFLOW_REJECT ? "reject" : "block";
    }

    static String retention(TopicConfig config) {
        String time =
                config.getRetentionMs() < 0 ? "kept for ever" : "kept " + DurationText.exact(config.getRetentionMs());
        String compacted = config.getCompact() == Toggle.TOGGLE_ON ? ", compacted by key" : "";
        return config.getRetentionBytes() < 0
                ? time + compacted
                : time + ", at most " + Human.bytes(config.getRetentionBytes()) + " a partition" + compacted;
    }

    static String ack(TopicConfig config) {
        return switch (config.getAckLevel()) {
            case ACK_MEMORY -> "memory";
            case ACK_REPLICATED -> "replicated";
            default -> "persisted";
        };
    }

    private static String acknowledged(TopicConfig config) {
        return config.getAckLevel() == AckLevel.ACK_MEMORY ? "in memory" : ack(config);
    }

    static void fields(Topic topic, JsonGenerator json) throws IOException {
        TopicConfig config = topic.getConfig();
        json.writeStringField("name", topic.getName());
        json.writeNumberField("id", topic.getId());
        json.writeNumberField("partitions", topic.getPartitionsCount());
        json.writeNumberField("retentionMs", config.getRetentionMs());
        json.writeNumberField("retentionBytes", config.getRetentionBytes());
        json.writeStringField("ack", ack(config));
        json.writeBooleanField("compact", config.getCompact() == Toggle.TOGGLE_ON);
        json.writeBooleanField("deleteOnAck", isDeletedOnAck(config));
        json.writeNumberField("ackedGraceMs", Math.max(0, config.getAckedGraceMs()));
        json.writeNumberField("maxRecords", config.getMaxRecords() == 0 ? -1 : config.getMaxRecords());
        json.writeNumberField("maxBytes", config.getMaxBytes() == 0 ? -1 : config.getMaxBytes());
        json.writeNumberField("maxAgeMs", config.getMaxAgeMs() == 0 ? -1 : config.getMaxAgeMs());
        json.writeStringField("overflow", overflow(config));
        json.writeStringField("deadLetter", config.getDeadLetter());
        json.writeNumberField("dedupWindowMs", config.getDedupWindowMs() == 0 ? -1 : config.getDedupWindowMs());
        json.writeNumberField("created", topic.getCreatedMs());
        json.writeNumberField("replicas", Math.max(1, mostVoters(topic)));
    }
}
