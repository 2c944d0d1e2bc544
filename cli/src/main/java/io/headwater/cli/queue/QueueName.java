package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.client.HeadwaterException;
import java.util.function.Supplier;
import picocli.CommandLine.Parameters;

/** Which group: what comes first in nearly every queue command. */
final class QueueName {
    @Parameters(index = "0", paramLabel = "TOPIC", description = "The topic.")
    private String topic = "";

    @Parameters(index = "1", paramLabel = "GROUP", description = "Its queue or keyed group.")
    private String group = "";

    String topic() {
        return topic;
    }

    String group() {
        return group;
    }

    /** Runs an operation; where topic or group is missing, the failure names the command that makes it. */
    <T> T explained(Supplier<T> operation) {
        try {
            return UnknownTopic.explained(topic, operation);
        } catch (HeadwaterException e) {
            if (e.code().equals("UNKNOWN_GROUP")) {
                throw CommandFailure.failed("topic " + topic + " has no queue group " + group
                        + "; make it with: headwater queue create " + topic + " " + group
                        + "\n  headwater queue list " + topic + " shows those it has");
            }
            throw e;
        }
    }

    /** {@code queue group billing of topic orders}. */
    @Override
    public String toString() {
        return "queue group " + group + " of topic " + topic;
    }
}
